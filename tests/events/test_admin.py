"""Deciding in the admin: asked first, only by those who may, and written down."""

from collections.abc import Iterator

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import User
from events import groups
from events.holding import held
from events.models import DeadLetter, GroupCursor, ReplayOrder
from events.tasks import replay
from tests.events.counters import LIVE, Counter, put, value
from tests.events.test_dead_letters import one_letter

pytestmark = pytest.mark.django_db(transaction=True)

LETTERS, GROUPS = "/admin/events/deadletter/", "/admin/events/groupcursor/"
ORDERS = "/admin/events/replayorder/"


@pytest.fixture(autouse=True)
def _forget_groups() -> Iterator[None]:
    before = dict(groups._groups)
    yield
    groups._groups.clear()
    groups._groups.update(before)


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", "secret"))
    return client


@pytest.fixture
def counter() -> Counter:
    made = Counter()
    one_letter(made)
    return made


def act(client: Client, url: str, action: str, **fields: str) -> str:
    """The page that asks, or what the list says after the deed."""
    chosen = (
        list(DeadLetter.objects.values_list("pk", flat=True)) if url == LETTERS else ["counter"]
    )
    data = {"action": action, "_selected_action": chosen, **fields}
    return client.post(url, data, follow=True).content.decode()


def written_down() -> list[str]:
    return list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))


def test_a_redrive_is_asked_done_and_written_down(operator: Client, counter: Counter) -> None:
    assert "Hand these events to their groups again?" in act(operator, LETTERS, "redrive")
    assert (value(LIVE), written_down()) == (101, [])
    assert "Redriven: handled" in act(operator, LETTERS, "redrive", confirmed="1", reason="mended")
    assert (value(LIVE), written_down()) == (111, ["Redriven: handled. mended"])


def test_a_redrive_that_fails_says_so(operator: Client, counter: Counter) -> None:
    counter.chokes_on = {"10"}
    page = act(operator, LETTERS, "redrive", confirmed="1", reason="r")
    assert "Redriven: failed ValueError: cannot digest 10" in page
    with held("counter"):
        assert "Somebody else redrives" in act(
            operator, LETTERS, "redrive", confirmed="1", reason="r"
        )
    assert DeadLetter.objects.exists()


def test_a_discard_needs_a_reason_and_keeps_it(operator: Client, counter: Counter) -> None:
    assert "never be handled" in act(operator, LETTERS, "discard")
    assert "This field is required" in act(operator, LETTERS, "discard", confirmed="1")
    assert DeadLetter.objects.waiting().exists()
    for _ in range(2):
        act(operator, LETTERS, "discard", confirmed="1", reason="a test trade")
    assert DeadLetter.objects.get().discard_reason == "a test trade"
    assert written_down() == ["Discarded: a test trade"]


def test_a_replay_is_asked_written_down_and_shows_how_it_goes(
    operator: Client, counter: Counter
) -> None:
    assert "Replay the log for these groups?" in act(operator, GROUPS, "replay")
    wrong = act(
        operator, GROUPS, "replay", confirmed="1", reason="r", into="live", start="yesterday"
    )
    assert "neither a position nor a time" in wrong
    assert "not one of the available" in act(operator, GROUPS, "replay", confirmed="1", into="x")
    partial = act(operator, GROUPS, "replay", confirmed="1", reason="r", into="swap", start="2")
    assert "Part of the events" in partial
    assert not ReplayOrder.objects.exists()
    act(operator, GROUPS, "replay", confirmed="1", reason="a new read model", into="swap")
    order = ReplayOrder.objects.get()
    assert (order.asked_by, order.state) == ("root", "waiting")
    assert written_down() == [f"Replay {order.pk}: counter into swap: waiting. a new read model"]
    assert "waiting" in operator.get(ORDERS).content.decode()
    put(LIVE, 7)
    replay(order.pk)
    assert value(LIVE) == 101
    assert "done" in operator.get(ORDERS).content.decode()


def test_whoever_may_only_look_can_do_nothing(client: Client, counter: Counter) -> None:
    looker = User.objects.create_superuser("looker", "secret")
    looker.is_superuser = False
    looker.save()
    allowed = Permission.objects.filter(
        content_type__app_label="events", codename__startswith="view"
    )
    looker.user_permissions.set(allowed)
    client.force_login(looker)
    GroupCursor.objects.update(stopped_at=timezone.now())
    for url, action in (
        (LETTERS, "redrive"),
        (LETTERS, "discard"),
        (GROUPS, "replay"),
        (GROUPS, "resume"),
    ):
        act(client, url, action, confirmed="1", reason="r", into="live")
    assert (value(LIVE), DeadLetter.objects.waiting().count(), counter.replayed) == (101, 1, [])
    assert GroupCursor.objects.filter(stopped_at__isnull=False).exists()
    assert written_down() == []


def test_resuming_is_written_down(operator: Client, counter: Counter) -> None:
    GroupCursor.objects.update(stopped_at=timezone.now())
    assert "Let these groups read on?" in act(operator, GROUPS, "resume")
    assert "This field is required" in act(operator, GROUPS, "resume", confirmed="1")
    assert GroupCursor.objects.filter(stopped_at__isnull=False).exists()
    assert "1 resumed" in act(operator, GROUPS, "resume", confirmed="1", reason="mended")
    assert written_down() == ["Resumed: mended"]


def test_letters_are_not_deleted_by_hand(operator: Client, counter: Counter) -> None:
    letter = DeadLetter.objects.get()
    assert operator.post(f"{LETTERS}{letter.pk}/delete/", {"post": "yes"}).status_code == 403
