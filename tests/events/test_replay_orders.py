"""Replays in the background. Asked here: is one lost with its message, or with its worker? done
twice? does one wait for another? does it say how it ended?
"""

from collections.abc import Iterator

import pytest
from celery import current_app
from django.db import OperationalError, connection

from core.errors import InvalidInput
from events import groups
from events.models import ReplayOrder
from events.replay import _only_replay
from events.replay_orders import order_replay, run_order
from events.tasks import redrive_replays
from tests.events.counters import LIVE, SHADOW, Counter, put, value
from tests.events.test_dead_letters import one_letter

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _forget_groups() -> Iterator[None]:
    before = dict(groups._groups)
    yield
    groups._groups.clear()
    groups._groups.update(before)


@pytest.fixture
def counter() -> Counter:
    made = Counter()
    one_letter(made)
    return made


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The orders that workers were told of, in the end."""
    ids: list[int] = []
    monkeypatch.setattr(current_app, "send_task", lambda _name, ids_, **_: ids.extend(ids_))
    return ids


def ordered(into: str = "live", **options: str) -> ReplayOrder:
    asked = {"start": "", "end": "", "user": "", **options}
    return order_replay(group="counter", types=[], into=into, asked_by="root", **asked)


def test_an_order_whose_message_was_lost_is_sent_again(counter: Counter, sent: list[int]) -> None:
    first, second = ordered(), ordered("swap")
    assert sent == [first.pk, second.pk]
    sent.clear()
    redrive_replays()
    assert sent == [first.pk], "the other one waits for it"
    run_order(order_id=second.pk)
    assert {order.state for order in ReplayOrder.objects.all()} == {"waiting"}
    run_order(order_id=first.pk)
    redrive_replays()
    assert sent == [first.pk, second.pk]
    put(LIVE, 7)
    run_order(order_id=second.pk)
    assert value(LIVE) == 101
    redrive_replays()
    assert len(sent) == 2
    told = ReplayOrder.objects.order_by("pk").values_list("events", "error")
    assert list(told) == [(2, ""), (2, "")]


def test_an_order_is_done_once(counter: Counter, sent: list[int]) -> None:
    order = ordered(start="2")
    run_order(order_id=order.pk)
    run_order(order_id=order.pk)
    assert counter.replayed == ["counter 100"]


def test_an_order_whose_worker_died_is_done_by_another(counter: Counter, sent: list[int]) -> None:
    order = ordered("shadow")
    counter.dies = True
    with pytest.raises(SystemExit):
        run_order(order_id=order.pk)
    counter.dies = False
    assert ReplayOrder.objects.get().state == "running"
    redrive_replays()
    run_order(order_id=sent[-1])
    assert ReplayOrder.objects.get().state == "done"
    assert value(SHADOW) == 101


def test_an_order_waits_for_a_replay_by_command(counter: Counter, sent: list[int]) -> None:
    order = ordered()
    with _only_replay("counter"):
        run_order(order_id=order.pk)
    assert ReplayOrder.objects.get().state == "waiting"
    assert counter.replayed == []


def test_a_fault_outside_leaves_the_order_and_another_ends_it(
    counter: Counter, sent: list[int]
) -> None:
    order = ordered("shadow")

    def away(execute, sql, *rest):
        if "events_user_sequence" in sql:
            raise OperationalError("away")
        return execute(sql, *rest)

    with connection.execute_wrapper(away):
        run_order(order_id=order.pk)
    kept = ReplayOrder.objects.get()
    assert (kept.state, kept.error) == ("running", "OperationalError: away")
    counter.chokes_on = {"100"}
    run_order(order_id=order.pk)
    failed = ReplayOrder.objects.get()
    assert (failed.state, failed.error) == ("failed", "ValueError: cannot digest 100")


def test_an_order_that_cannot_be_is_refused_or_says_why(counter: Counter, sent: list[int]) -> None:
    for options in ({"start": "yesterday"}, {"into": "swap", "start": "2"}):
        with pytest.raises(InvalidInput):
            ordered(**options)
    with pytest.raises(InvalidInput, match="no group 'nobody'"):
        order_replay(
            group="nobody", start="", end="", types=[], user="", into="live", asked_by="root"
        )
    assert not ReplayOrder.objects.exists()
    order = ordered()
    groups._groups.pop("counter")
    run_order(order_id=order.pk)
    assert ReplayOrder.objects.get().error == "There is no group 'counter' here."
