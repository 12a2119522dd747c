"""Facts and figures. What could go wrong, and is asked here:

an event counts twice (again, in another batch, in another process, by a replay); events of
different members in another order, or in other batches, make other rows; two readers wait for
each other, or do not see each other's half of a transfer; the other bus makes other rows.
"""

import random
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

import pytest
from django.db import transaction

from analytics.models import READ_MODELS, Daily, Fact, Journey, MemberTotal, Standing, TypeMinute
from analytics.services.rebuilding import digests
from analytics.services.recording import record_events
from analytics.services.stats import nfts_by_tier
from core.ids import uuid7
from events.models import Event
from tests.analytics.facts import (
    ANN,
    BOB,
    NOON,
    as_kafka_has_it,
    burned,
    cancelled,
    completed,
    in_any_order,
    initiated,
    lives,
    qualified,
    rejected,
    told,
    traded,
    transferred,
    unlocked,
)  # fmt: skip
from tests.together import run_together

pytestmark = pytest.mark.django_db


def record(events: Sequence[Event]) -> None:
    with transaction.atomic():
        record_events(events=events)


def forget() -> None:
    for model in READ_MODELS:
        model.objects.all().delete()


def sums(figure: str) -> dict[str, Decimal]:
    return dict(Daily.objects.filter(figure=figure, day=NOON.date()).values_list("key", "value"))


def test_the_order_and_the_batches_of_events_make_no_difference() -> None:
    events = lives()
    record(events)
    expected = digests()
    assert all(table.rows for table in expected.values())
    dice = random.Random(7)
    for batch in (1, 5, 1000):
        forget()
        shuffled = [as_kafka_has_it(event) for event in in_any_order(events, dice)]
        for start in range(0, len(shuffled), batch):
            record(shuffled[start : start + batch])
        assert digests() == expected, f"in batches of {batch}"


def test_an_event_counts_once_however_often_it_comes() -> None:
    events = lives()
    record(events)
    expected = digests()
    record(events)
    record([*events[:3], *events[:3]])
    assert digests() == expected
    assert Fact.objects.count() == len(events)


def test_an_upgrade_becomes_steps_figures_and_times() -> None:
    old, new, request = uuid7(), uuid7(), uuid7()
    facts = [
        qualified(ANN, [1], [1, 2]), qualified(ANN, [1, 2], [1]), *unlocked(ANN, old),
        initiated(ANN, request, old), rejected(ANN, request), *completed(ANN, request, old, new),
    ]  # fmt: skip
    record(told(*facts, at=NOON))
    assert sums("funnel") == dict.fromkeys(
        ("qualified", "unlocked", "started", "burned", "completed"), 1
    )
    assert sums("failure") == {"burn_rejected: BURN_WRONG_MINT": 1}
    assert sums("tier_qualified") == sums("tier_completed") == {"2": Decimal(1)}
    assert sums("badge_consumed") == {"early-bird": 1}
    journey = Journey.objects.get(pk=request)
    assert (journey.level, journey.started_at, journey.burned_at) == (2, NOON, NOON)
    assert (journey.completed_at, journey.duration_ms, journey.closed_as) == (NOON, 30_000, None)
    assert TypeMinute.objects.get(minute=NOON, type="tier_qualification_changed").events == 2
    assert nfts_by_tier(ANN) == {"2": 1}


def test_a_cancelled_upgrade_that_a_late_burn_completes_is_both() -> None:
    old, request = uuid7(), uuid7()
    record(told(initiated(ANN, request, old), cancelled(ANN, request)))
    record(told(*completed(ANN, request, old, uuid7())))
    journey = Journey.objects.get(pk=request)
    assert (journey.closed_as, journey.completed_at is not None) == ("upgrade_cancelled", True)


def test_a_corrected_volume_counts_down_to_the_last_digit() -> None:
    record(told(traded(ANN, "0", "0.10000001"), traded(ANN, "0.10000001", "0.00000002"), at=NOON))
    assert MemberTotal.objects.get(pk=ANN).volume == Decimal("0.00000002")
    assert sums("volume") == {"": Decimal("0.00000002")}


def test_an_nft_counts_for_whoever_has_it() -> None:
    nft = uuid7()
    [taken] = told(*transferred(nft, BOB))
    record([taken])  # its level is not known yet
    assert nfts_by_tier(BOB) == {}
    record(told(*unlocked(ANN, nft), *transferred(nft, ANN)))
    assert (nfts_by_tier(ANN), nfts_by_tier(BOB)) == ({}, {"1": 1})
    level = Standing.objects.get(board="level", period="all", user_id=BOB)
    assert (level.score, level.position) == (1, taken.position)
    record(told(burned(BOB, nft)))
    assert nfts_by_tier(BOB) == {}


@pytest.mark.django_db(transaction=True)
def test_readers_of_different_members_work_side_by_side() -> None:
    """As members of one group on Kafka: the two sides of a transfer in two of them, and all else."""
    events = lives()
    record(events)
    expected = digests()
    forget()
    parts = [
        [event for event in events if event.user_id == user] for user in {e.user_id for e in events}
    ]

    def work(part: list[Event]) -> None:
        for start in range(0, len(part), 4):
            record(part[start : start + 4])

    assert run_together([partial(work, part) for part in parts]) == [None] * len(parts)
    assert digests() == expected
