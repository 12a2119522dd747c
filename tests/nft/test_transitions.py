"""The transition tables and the jobs, as a whole."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from uuid import UUID

import pytest
from celery import current_app
from django.conf import settings
from django.db import IntegrityError, transaction

from core.errors import Conflict
from nft import jobs, tasks
from nft.models import NftStatus, UpgradeRequest, UpgradeStatus, UpgradeStatusHistory, UserNft
from nft.models.nfts import TRANSITIONS as NFT_TRANSITIONS
from nft.models.upgrade_states import AFTER_PROOF, CLOSED, TRANSITIONS
from tests.nft.conftest import make_nft, make_order, make_upgrade, make_user, new_signature

S = UpgradeStatus
NOW = datetime(2026, 1, 1, tzinfo=UTC)
Mutator = Callable[[UpgradeRequest], None]


def complete(request: UpgradeRequest) -> None:
    new = make_nft(request.user, level=2, origin="upgrade")
    request.complete(new_nft=new, now=NOW)


def fail_round(request: UpgradeRequest) -> None:
    request.fail_round(code="X", message="x", now=NOW)


def close(request: UpgradeRequest) -> None:
    request.close(now=NOW)


def begin_minting(request: UpgradeRequest) -> None:
    signature = new_signature()
    request.begin_minting(signature=signature, slot=9, waived_badges=[], now=NOW)


# Which mutator leads where; `resume_minting` shares its target with `begin_minting`.
MUTATORS: dict[str, tuple[set[UpgradeStatus], Mutator]] = {
    "begin_verification": (
        {S.VERIFYING_BURN},
        lambda r: r.begin_verification(signature="s", now=NOW),
    ),
    "reject_burn": ({S.AWAITING_BURN}, lambda r: r.reject_burn(code="X", message="x", now=NOW)),
    "begin_minting": ({S.MINTING}, begin_minting),
    "fail_round": ({S.MINT_FAILED}, fail_round),
    "resume_minting": ({S.MINTING}, lambda r: r.resume_minting(reason="x", now=NOW)),
    "complete": ({S.COMPLETED}, complete),
    "begin_closing": (
        {S.CLOSING},
        lambda r: r.begin_closing(end=S.CANCELLED, reason="x", now=NOW),
    ),
    "close": ({S.CANCELLED, S.EXPIRED}, close),
    "send_to_review": ({S.NEEDS_REVIEW}, lambda r: r.send_to_review(reason="x", now=NOW)),
}


def mutators_of(before: UpgradeStatus, after: UpgradeStatus) -> list[str]:
    """A burn is proven before minting begins, and only a failed mint resumes."""
    wrong = "begin_minting" if before == S.MINT_FAILED else "resume_minting"
    return [name for name, (to, _) in MUTATORS.items() if after in to and name != wrong]


def request_in(status: UpgradeStatus, *, closing_as: str = "cancelled") -> UpgradeRequest:
    """A row in that state, put there past the table, as legal as the database wants it."""
    user = make_user()
    nft = make_nft(user, status=NftStatus.UPGRADING)
    request = make_upgrade(user, nft)
    end = status if status in CLOSED else closing_as
    facts: dict[str, object] = {
        "status": status,
        "closing_as": end if end in CLOSED else S.CANCELLED,
    }
    if status in AFTER_PROOF:
        facts |= {"burn_signature": new_signature(), "burn_slot": 5}
    if status == S.COMPLETED:
        new = make_nft(user, level=2, origin="upgrade")
        facts |= {"new_nft": new, "completed_at": NOW}
    UpgradeRequest.objects.filter(id=request.id).update(**facts)
    return UpgradeRequest.objects.get(id=request.id)


LISTED = [(before, after) for before in S for after in TRANSITIONS[before]]


@pytest.mark.parametrize(("before", "after"), LISTED)
def test_a_listed_transition_has_exactly_one_mutator_and_leaves_one_history_row(
    tiers: object, before: UpgradeStatus, after: UpgradeStatus
) -> None:
    [name] = mutators_of(before, after)
    request = request_in(before, closing_as=after)
    version = request.version
    MUTATORS[name][1](request)
    assert (request.status, request.version) == (after, version + 1)
    row = UpgradeStatusHistory.objects.filter(request=request).latest("id")
    assert (row.from_status, row.to_status) == (before, after)


UNLISTED = [
    (before, name)
    for before, (name, (to, _)) in product(S, MUTATORS.items())
    if not to & TRANSITIONS[before]
]


@pytest.mark.parametrize(("before", "name"), UNLISTED)
def test_an_unlisted_transition_is_refused_and_leaves_nothing(
    tiers: object, before: UpgradeStatus, name: str
) -> None:
    request = request_in(before)
    history = UpgradeStatusHistory.objects.count()
    with pytest.raises(Conflict):
        MUTATORS[name][1](request)
    assert UpgradeRequest.objects.get(id=request.id).status == before
    assert UpgradeStatusHistory.objects.count() == history


def test_a_transition_from_a_stale_row_is_refused(tiers: object) -> None:
    request = request_in(S.AWAITING_BURN)
    stale = UpgradeRequest.objects.get(id=request.id)
    request.begin_verification(signature="s", now=NOW)
    with pytest.raises(Conflict):
        stale.begin_closing(end=S.CANCELLED, reason="x", now=NOW)


def test_no_way_leads_out_of_a_proven_burn_but_completion() -> None:
    reachable, edge = set(), {S.MINTING}
    while edge:
        reachable |= edge
        edge = set().union(*(TRANSITIONS[status] for status in edge)) - reachable
    assert reachable == {S.MINTING, S.MINT_FAILED, S.COMPLETED}


@pytest.mark.parametrize(("before", "after"), list(product(NftStatus, NftStatus)))
def test_an_nft_moves_as_its_table_says(tiers: object, before: str, after: str) -> None:
    nft = make_nft(make_user(), status=before)
    facts = {"burned_at": NOW, "burn_signature": new_signature()} if after == "burned" else {}
    facts |= {"minted_at": NOW} if after != "minting" else {}
    if after in NFT_TRANSITIONS.get(NftStatus(before), set()):
        nft.move(NftStatus(after), **facts)
        assert nft.status == after
    else:
        with pytest.raises(Conflict):
            nft.move(NftStatus(after), **facts)


def test_the_database_knows_the_legal_states(tiers: object) -> None:
    user = make_user()
    nft = make_nft(user)
    rows = [nft, make_upgrade(user, nft), make_order(user, nft.tier)]
    for row in rows:
        with pytest.raises(IntegrityError), transaction.atomic():
            type(row)._default_manager.filter(pk=row.pk).update(status="lost")


def names_of_jobs() -> list[str]:
    return [value for name, value in vars(jobs).items() if name.isupper()]


@pytest.mark.parametrize("name", names_of_jobs())
def test_every_job_is_a_registered_task_with_a_queue_that_workers_read(name: str) -> None:
    assert tasks  # imported, as a worker does
    assert name in current_app.tasks
    queue = current_app.amqp.router.route({}, name)["queue"].name
    assert queue != settings.CELERY_TASK_DEFAULT_QUEUE
    with open(settings.BASE_DIR / "Procfile") as procfile:
        assert queue in procfile.read()


def test_beat_drives_only_tasks_that_exist() -> None:
    current_app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {jobs.REDRIVE, jobs.EXPIRE} <= scheduled
    assert scheduled <= set(current_app.tasks)


@pytest.mark.parametrize(("pause", "is_sent"), [(None, False), (0.4, True), (6 * 3600.0, False)])
def test_a_long_pause_is_left_to_the_reconciler(
    monkeypatch: pytest.MonkeyPatch, pause: float | None, is_sent: bool
) -> None:
    """Redis would deliver such a message again and again until it is due."""
    sent: list[str] = []

    def enqueue(job: str, _request_id: str, *, countdown: float) -> None:
        assert countdown == pause
        sent.append(job)

    monkeypatch.setattr(tasks, "check_burn", lambda **_: pause)
    monkeypatch.setattr(tasks, "enqueue", enqueue)
    tasks.check_burn_task(str(UUID(int=1)))
    assert sent == ([jobs.CHECK_BURN] if is_sent else [])


def test_an_nft_changed_meanwhile_is_not_moved(tiers: object) -> None:
    nft = make_nft(make_user())
    stale = UserNft.objects.get(id=nft.id)
    nft.reserve_for_upgrade()
    with pytest.raises(Conflict):
        stale.reserve_for_upgrade()
