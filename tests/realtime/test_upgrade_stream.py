"""The stream of one upgrade, and the admins' stream of system operations."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import connection

from core.ids import uuid7
from nft.services.seeding import seed_ladder
from tests.nft.conftest import make_nft, make_upgrade
from tests.realtime.feed import Person, badge, cancelled, completed, head, initiated, stuck, tell
from tests.realtime.servers import WebServer

pytestmark = pytest.mark.usefixtures("heads")


@pytest.fixture(autouse=True, scope="module")
def _ladder(shared_log: None) -> Iterator[None]:
    seed_ladder()
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE nft_tier CASCADE")


@pytest.fixture
def upgrade(person: Person) -> UUID:
    return make_upgrade(person.user, make_nft(person.user)).id


def path(upgrade: UUID | str) -> str:
    return f"/api/nft/upgrade/{upgrade}/events"


def test_an_upgrade_is_told_from_its_start(web: WebServer, person: Person, upgrade: UUID) -> None:
    tell(badge(person.user), initiated(person.user, upgrade), badge(person.user))
    stream = web.stream(path(upgrade), headers=person.headers)
    first, event = stream.take(2)
    assert (first.id, first.data["sequence"]) == ("0", 3)
    assert (event.id, event.type) == ("2", "upgrade_initiated")


def test_it_ends_after_the_last_event_and_does_not_start_again(
    web: WebServer, person: Person, upgrade: UUID
) -> None:
    stream = web.stream(path(upgrade), headers=person.headers)
    stream.next()
    tell(initiated(person.user, upgrade), badge(person.user), completed(person.user, upgrade))
    started, ended = stream.take(2)
    assert (started.id, ended.id, ended.type) == ("1", "3", "upgrade_completed")
    assert stream.has_ended()
    assert web.stream(path(upgrade), headers=person.headers, last=ended.id).status == 204


def test_a_client_that_missed_the_end_still_gets_it(
    web: WebServer, person: Person, upgrade: UUID
) -> None:
    tell(initiated(person.user, upgrade), completed(person.user, upgrade))
    stream = web.stream(path(upgrade), headers=person.headers, last="1")
    stream.next()
    assert stream.next().type == "upgrade_completed"
    assert stream.has_ended()


def test_a_late_burn_goes_on_after_a_cancellation(
    web: WebServer, person: Person, upgrade: UUID
) -> None:
    tell(initiated(person.user, upgrade), cancelled(person.user, upgrade))
    tell(initiated(person.user, upgrade))  # stands for whatever follows a late burn
    stream = web.stream(path(upgrade), headers=person.headers)
    stream.next()
    assert stream.sequences(3) == [1, 2, 3]
    tell(completed(person.user, upgrade))
    assert stream.next().type == "upgrade_completed"
    assert stream.has_ended()


@pytest.mark.parametrize("point", ["7", "x"])
def test_an_impossible_point_names_the_upgrade_as_snapshot(
    web: WebServer, person: Person, upgrade: UUID, point: str
) -> None:
    tell(initiated(person.user, upgrade))
    stream = web.stream(path(upgrade), headers=person.headers, last=point)
    reset = stream.take(2)[1]
    assert (reset.type, reset.id) == ("reset", "1")
    assert reset.data["snapshot"] == f"/api/nft/upgrade/{upgrade}"


@pytest.mark.parametrize("point", ["7", "x"])
def test_a_reset_of_a_finished_upgrade_is_the_last_message(
    web: WebServer, person: Person, upgrade: UUID, point: str
) -> None:
    tell(initiated(person.user, upgrade), completed(person.user, upgrade))
    stream = web.stream(path(upgrade), headers=person.headers, last=point)
    reset = stream.take(2)[1]
    assert (reset.type, reset.id) == ("reset", "2")
    assert stream.has_ended()
    assert web.stream(path(upgrade), headers=person.headers, last=reset.id).status == 204


def test_an_upgrade_that_told_too_much_is_a_reset(
    web: WebServer, person: Person, upgrade: UUID
) -> None:
    tell(*(initiated(person.user, upgrade) for _ in range(21)))
    stream = web.stream(path(upgrade), headers=person.headers)
    assert [message.type for message in stream.take(2)] == ["connection_established", "reset"]


def test_foreign_unknown_and_malformed_upgrades_look_the_same(
    web: WebServer, other: Person, upgrade: UUID
) -> None:
    answers = [
        web.stream(path(which), headers=other.headers) for which in (upgrade, uuid7(), "nonsense")
    ]
    assert [answer.status for answer in answers] == [404, 404, 404]
    assert len({answer.response.read() for answer in answers}) == 1


def make_admin(person: Person) -> None:
    person.user.is_staff = True
    person.user.save()


def test_admins_read_system_operations_only(web: WebServer, person: Person, other: Person) -> None:
    make_admin(person)
    stream = web.stream("/api/v1/admin/events", headers=person.headers)
    assert stream.next().id == str(head())
    tell(badge(other.user), stuck())
    message = stream.next()
    assert (message.type, message.id, message.data["sequence"]) == (
        "request_stuck", str(head()), None,
    )  # fmt: skip


def test_admins_resume_by_position(web: WebServer, person: Person) -> None:
    make_admin(person)
    point = head()
    tell(stuck(), stuck())
    stream = web.stream("/api/v1/admin/events", headers=person.headers, last=str(point))
    ids = [int(message.id or 0) for message in stream.take(3)]
    assert ids == [point, point + 1, point + 2]


@pytest.mark.parametrize("count", [0, 21])
def test_admins_are_reset_too(web: WebServer, person: Person, count: int) -> None:
    make_admin(person)
    point = head() if count else head() + 1
    tell(*(stuck() for _ in range(count)))
    stream = web.stream("/api/v1/admin/events", headers=person.headers, last=str(point))
    assert stream.take(2)[1].type == "reset"


def test_others_may_not_read_system_operations(web: WebServer, person: Person) -> None:
    stream = web.stream("/api/v1/admin/events", headers=person.headers)
    assert (stream.status, stream.error_code) == (403, "NOT_ALLOWED")
