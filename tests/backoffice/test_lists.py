"""A list asks the database as often for fifty rows as for two."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django.fixtures import Settings

from accounts.models import SignInNonce, User
from accounts.services import create_service_key
from badges.models import BadgeDefinition, EarnedBadge
from core.ids import uuid7
from core.models import IdempotencyKey
from events.models import CrashMark, DeadLetter, ProcessedEvent, ReplayOrder, UserSequence
from nft.models import (
    AwardRule,
    BenefitUse,
    NftHolding,
    NftStatus,
    OwnershipChange,
    QualificationRecord,
    StuckUpgrade,
    Verdict,
)
from nft.services.seeding import seed_ladder
from tests.nft.conftest import (
    give_volume,
    make_nft,
    make_upgrade,
    make_user,
    new_address,
    new_signature,
)
from trading.models import MilestoneReached, Trade, VolumeMilestone

pytestmark = pytest.mark.django_db

FEW, MANY = 2, 50
# These have a row for each level, group, day or setting, or, as events, no other table.
SHORT = {
    "nft.Tier", "nft.TierVersion", "nft.TierSupply", "nft.FaceFile", "nft.SponsorSpending",
    "nft.AuthorityBalance", "events.Event", "events.GroupCursor", "events.Sequencer", "auth.Group",
}  # fmt: skip
# Their rows are few, so that their filters may ask which values there are.
FEW_ROWS = {
    "analytics.Comparison", "badges.BadgeDefinition", "events.CrashMark", "events.DeadLetter",
    "events.ReplayOrder",
}  # fmt: skip
UNSEARCHED = {
    "analytics.Comparison", "analytics.Daily", "analytics.Edition", "analytics.TypeMinute",
    "audit.Checkpoint", "audit.Chunk", "audit.Head", "audit.Pending", "events.CrashMark",
    "events.Sequencer", "nft.TierSupply", "notifications.Provider", "trading.VolumeMilestone",
}  # fmt: skip
UNFILTERED = {
    "analytics.Edition", "analytics.Holding", "analytics.MemberTotal", "audit.Chunk", "audit.Head",
    "audit.Pending", "auth.Group", "events.Sequencer", "events.UserSequence",
    "nft.QualificationRecord", "nft.TierSupply", "notifications.Provider", "trading.UserVolume",
    "trading.VolumeMilestone",
}  # fmt: skip
FILLED = {"accounts", "badges", "core", "events", "nft", "trading"}  # the apps


def make_rows(start: int, end: int) -> None:
    for number in range(start, end):
        make_row(number)


def make_row(number: int) -> None:
    """One of everything, each of its own member."""
    user, now = make_user(), timezone.now()
    nft = make_nft(user, 1, status=NftStatus.UPGRADING)
    make_upgrade_of(user, nft)
    NftHolding.objects.create(nft=nft, wallet=new_address(), token_account=new_address())
    OwnershipChange.objects.create(
        nft=nft, slot=number, at=now, signature=new_signature(), from_wallet=new_address(),
        to_wallet=new_address(),
    )  # fmt: skip
    make_earnings(user, number)
    make_access(user, number)
    make_events(number)


def make_upgrade_of(user: User, nft: object) -> None:
    request = make_upgrade(user, nft)  # type: ignore[arg-type]
    now = timezone.now()
    long_ago = now - timedelta(days=1)
    type(request).objects.filter(id=request.id).update(expires_at=long_ago)
    request.burn_transactions.create(
        message_hash=f"{request.id.hex}{request.id.hex}", last_valid_block_height=7, created_at=now
    )
    request.reviews.create(
        verdict=Verdict.ACCEPT, signature=new_signature(), reason="r", decided_by="chief",
        decided_at=now,
    )  # fmt: skip


def make_earnings(user: User, number: int) -> None:
    now = timezone.now()
    definition = BadgeDefinition.objects.create(slug=f"badge-{number}", name=f"Badge {number}")
    badge = EarnedBadge.objects.create(user=user, definition=definition, earned_at=now)
    badge.history.create(to_status=badge.status, at=now, reason="test")
    AwardRule.objects.create(badge=definition, volume_at_least=1)
    give_volume(user, 1000 + number)
    QualificationRecord.objects.create(user=user, levels=[1], volume=1000)
    milestone = VolumeMilestone.objects.create(amount=10**9 + number)
    MilestoneReached.objects.create(user=user, milestone=milestone, volume=1, reached_at=now)
    Trade.objects.create(
        trade_id=f"t{number}", user=user, volume_usd=1, executed_at=now, received_at=now,
        source="test",
    )  # fmt: skip
    BenefitUse.objects.create(subject_id=user.pk, name="aiAgentWeeklyUses", week=now.date(), used=1)


def make_access(user: User, number: int) -> None:
    now = timezone.now()
    times = {"created_at": now, "expires_at": now + timedelta(hours=1)}
    user.login_sessions.create(refresh_jti=f"j{number}", **times)
    user.stream_tickets.create(ticket_hash=f"h{number}", created_at=now, startable_until=now)
    SignInNonce.objects.create(
        nonce=f"n{number}", wallet_address=new_address(), message="m", requester="r",
        browser_hash="b", **times,
    )  # fmt: skip
    create_service_key(name=f"key {number}", scopes=["trades:write"], now=now)
    TOTPDevice.objects.create(user=user, name="authenticator")
    StaticDevice.objects.create(user=user, name="codes")
    AccessAttempt.objects.create(
        username=f"u{number}", ip_address="192.0.2.1", user_agent="test", failures_since_start=1
    )
    kind = ContentType.objects.get_for_model(User)
    LogEntry.objects.create(
        user=user, content_type=kind, object_id=str(user.pk), object_repr="r", action_flag=2
    )
    IdempotencyKey.objects.create(
        scope=f"user:{user.pk}", route="upgrade", key="k", request_hash="0", claim=uuid7(),
        claimed_until=now, **times,
    )  # fmt: skip


def make_events(number: int) -> None:
    DeadLetter.objects.create(group="g", event_id=uuid7(), position=1, type="t", error="e")
    ProcessedEvent.objects.create(group="g", event_id=uuid7(), processed_at=timezone.now())
    CrashMark.objects.create(reader=f"r{number}", partition=0, place=1, deaths=1)
    UserSequence.objects.create(user_id=uuid7(), sequence=1)
    ReplayOrder.objects.create(group="g", into="live", asked_by="chief")


def queries(client: Client, model: type[Model], **filters: str) -> list[str]:
    meta = model._meta
    page = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist", query=filters or None)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(page).status_code == 200
    return [query["sql"] for query in asked]


def test_no_list_asks_more_often_the_longer_it_is(client: Client, settings: Settings) -> None:
    settings.ADMIN_SESSION_IDLE = settings.ADMIN_SESSION_AGE  # its end is not moved meanwhile
    seed_ladder()
    client.force_login(User.objects.create_superuser("chief", "a long enough password"))
    make_rows(0, FEW)
    models = list(admin.site._registry)
    few = {model: len(queries(client, model)) for model in models}
    make_rows(FEW, MANY)
    short = {it._meta.label for it in models if it._default_manager.count() < MANY} - SHORT
    assert {label for label in short if label.partition(".")[0] in FILLED} == set()
    asked = {model: queries(client, model) for model in models}
    many = {model: len(statements) for model, statements in asked.items()}
    grown = {it._meta.label: (few[it], many[it]) for it in models if many[it] > few[it]}
    assert grown == {}
    assert max(many.values()) <= 12
    assert StuckUpgrade.objects.count() >= MANY
    slow = {it._meta.label for it in models if any(map(walks_through_everything, asked[it]))}
    assert slow == FEW_ROWS


def walks_through_everything(sql: str) -> bool:
    """For a number of rows, or for the values of a column."""
    counts = sql.startswith("SELECT COUNT(*)") and "LIMIT 10000" not in sql
    return counts or sql.startswith("SELECT DISTINCT") or ("MIN(" in sql and "MAX(" in sql)


def test_every_list_is_searched_and_filtered(client: Client) -> None:
    """Tables of a few rows that have nothing to choose by are none of it."""
    client.force_login(User.objects.create_superuser("chief", "a long enough password"))
    pages = admin.site._registry
    assert {it._meta.label for it in pages if not pages[it].search_fields} == UNSEARCHED
    assert {it._meta.label for it in pages if not pages[it].list_filter} == UNFILTERED
    for model, page in pages.items():
        if page.search_fields:
            queries(client, model, q="1")


def test_a_day_is_chosen_with_its_end(client: Client) -> None:
    client.force_login(User.objects.create_superuser("chief", "a long enough password"))
    for day in ("2026-01-04 23:59", "2026-01-05 00:00", "2026-01-06 23:59", "2026-01-07 00:00"):
        row = DeadLetter.objects.create(
            group=f"g {day}", event_id=uuid7(), position=1, type="t", error="e"
        )
        DeadLetter.objects.filter(pk=row.pk).update(created_at=f"{day}+00:00")
    days = {"created_at_from": "2026-01-05", "created_at_to": "2026-01-06"}
    page = client.get("/admin/events/deadletter/", days | {"type": "t"}).content.decode()
    shown = [day for day in ("g 2026-01-04", "g 2026-01-05", "g 2026-01-06", "g 2026-01-07")
             if f">{day} " in page]  # fmt: skip
    assert shown == ["g 2026-01-05", "g 2026-01-06"]
    assert '<input type="hidden" name="type" value="t">' in page
    nonsense = client.get("/admin/events/deadletter/", {"created_at_from": "yesterday"})
    assert "g 2026-01-04" in nonsense.content.decode()
