"""No upgrade waits unseen: each has a next attempt and a reason, and past its bound it is told,
counted and listed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from prometheus_client import CollectorRegistry

from accounts.models import User
from events.models import Event
from nft.metrics import NftCollector
from nft.models import OPEN, NftStatus, Tier, UpgradeRequest, UpgradeStatus
from nft.models.upgrade_states import WATCHED
from nft.services.outlook import outlook_of
from nft.services.recovery import redrive_unfinished
from nft.services.stuck import stuck_unlocks, stuck_upgrades, tell_stuck
from tests.nft.conftest import make_nft, make_upgrade, make_user, new_signature

pytestmark = pytest.mark.django_db

S = UpgradeStatus
BOUND = settings.STUCK_AFTER
JUST = timedelta(seconds=1)


def upgrade_that_is(status: S, *, since: datetime) -> UpgradeRequest:
    """An unfinished upgrade in that status, whose bound began to count at `since`."""
    user = make_user()
    request = make_upgrade(user, make_nft(user, 1, status=NftStatus.UPGRADING))
    facts: dict[str, object] = {"status": status, "expires_at": since}
    if status in (S.MINTING, S.MINT_FAILED):
        facts |= {"burn_signature": new_signature(), "burn_slot": 1}
        request.order.begin(now=since)
        request.order.note_failure(code="RPC_TIMEOUT", message="The node did not answer.")
    if status == S.CLOSING:
        facts |= {"closing_as": "cancelled", "closing_reason": "cancelled by the member"}
    if status == S.NEEDS_REVIEW:
        facts |= {"error_message": "Nothing proves by whom."}
    UpgradeRequest.objects.filter(id=request.id).update(**facts)
    request.history.create(from_status="", to_status=status, reason="test", at=since)
    request.refresh_from_db()
    return request


@pytest.mark.usefixtures("tiers")
@pytest.mark.parametrize("status", OPEN)
def test_every_unfinished_upgrade_has_a_next_attempt_and_a_reason(status: S) -> None:
    now = timezone.now()
    request = upgrade_that_is(status, since=now)
    outlook = outlook_of(request, now=now)
    assert outlook.next_attempt_at == now  # nothing says later, so it is due
    assert outlook.reason.endswith(".")
    assert outlook.advice
    rested = UpgradeRequest.objects.filter(id=request.id)
    rested.update(next_run_at=now + JUST)
    request.order.change(next_run_at=now + JUST)
    later = outlook_of(rested.select_related("order").get(), now=now).next_attempt_at
    assert later == now + JUST
    assert redrive_unfinished(now=now + timedelta(minutes=1)) == 1  # and that attempt is made


@pytest.mark.usefixtures("tiers")
@pytest.mark.parametrize("status", OPEN)
def test_an_upgrade_is_stuck_once_it_is_past_its_bound(status: S) -> None:
    now = timezone.now()
    request = upgrade_that_is(status, since=now)
    at_bound = [it.id for it in stuck_upgrades(now=now + BOUND - JUST)]
    assert at_bound == ([request.id] if status == S.NEEDS_REVIEW else [])
    assert [it.id for it in stuck_upgrades(now=now + BOUND)] == [request.id]


@pytest.mark.usefixtures("tiers")
@pytest.mark.parametrize("status", [status for status in OPEN if status != S.NEEDS_REVIEW])
def test_a_stuck_upgrade_is_told_once(status: S) -> None:
    now = timezone.now()
    request = upgrade_that_is(status, since=now)
    assert tell_stuck(now=now) == 0
    assert tell_stuck(now=now + BOUND + JUST) == 1
    assert tell_stuck(now=now + BOUND + 2 * JUST) == 0
    event = Event.objects.get(type="request_stuck")
    assert event.data["upgradeRequestId"] == str(request.id)
    assert event.data["stuckSeconds"] == int((BOUND + JUST).total_seconds())
    assert event.data["reason"]
    request.history.create(from_status="", to_status=status, reason="on", at=now + 2 * BOUND)
    assert UpgradeRequest.objects.get(id=request.id).version == request.version


@pytest.mark.usefixtures("tiers")
def test_one_that_gets_stuck_again_later_is_told_again() -> None:
    now = timezone.now()
    request = upgrade_that_is(S.VERIFYING_BURN, since=now)
    tell_stuck(now=now + BOUND)
    again = now + 2 * BOUND
    request.history.create(from_status="x", to_status="verifying_burn", reason="again", at=again)
    assert tell_stuck(now=again) == 0
    assert tell_stuck(now=again + BOUND) == 1


@pytest.mark.usefixtures("tiers")
@pytest.mark.parametrize("status", WATCHED)
def test_an_unfinished_upgrade_cannot_be_left_unwatched(status: S) -> None:
    request = upgrade_that_is(status, since=timezone.now())
    with pytest.raises(IntegrityError, match="is_watched"), transaction.atomic():
        UpgradeRequest.objects.filter(id=request.id).update(watch_burn=False)


@pytest.mark.usefixtures("tiers")
def test_what_is_stuck_is_counted() -> None:
    registry = CollectorRegistry()
    registry.register(NftCollector())
    upgrade_that_is(S.CLOSING, since=timezone.now() - 3 * BOUND)
    upgrade_that_is(S.CLOSING, since=timezone.now())
    make_nft(make_user(), 1, status=NftStatus.MINTING)
    values = {
        (sample.name, sample.labels.get("status")): sample.value
        for family in registry.collect()
        for sample in family.samples
    }
    assert values["aiw3_upgrades_open", "closing"] == 2
    assert values["aiw3_upgrades_stuck", "closing"] == 1
    assert values["aiw3_upgrades_stuck", "minting"] == 0
    assert values["aiw3_upgrades_stuck_seconds", "closing"] >= 3 * BOUND.total_seconds()
    assert values["aiw3_unlocks_stuck", None] == 0
    assert stuck_unlocks(now=timezone.now() + BOUND).count() == 1


@pytest.mark.usefixtures("tiers")
def test_the_metrics_are_among_the_web_processs(client: Client) -> None:
    client.force_login(User.objects.create_superuser("chief", "a long enough password"))
    assert "aiw3_upgrades_stuck" in client.get("/metrics").content.decode()


def test_a_wait_that_is_nobodys_fault_is_no_alarm(tiers: list[Tier]) -> None:
    """A member may take the whole time until expiry."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    request = upgrade_that_is(S.AWAITING_BURN, since=now + timedelta(minutes=30))
    assert not stuck_upgrades(now=now + timedelta(minutes=39, seconds=59))
    assert stuck_upgrades(now=now + timedelta(minutes=40)).get().id == request.id
