"""The user's stream, served by a real server and read by a real client."""

import pytest

from tests.realtime.feed import Person, badge, badges, tell, write
from tests.realtime.servers import WebServer

pytestmark = pytest.mark.usefixtures("heads")


def test_the_first_message_says_where_to_resume(web: WebServer, person: Person) -> None:
    tell(*badges(person.user, 3))
    stream = web.stream(headers=person.headers)
    assert stream.status == 200
    assert stream.response.headers["content-type"].startswith("text/event-stream")
    assert "no-cache" in stream.response.headers["cache-control"]
    assert stream.response.headers["x-accel-buffering"] == "no"
    first = stream.next()
    assert (first.type, first.id, first.data["sequence"]) == ("connection_established", "3", 3)
    assert first.data["userId"] == str(person.user.id)
    assert int(first.retry or 0) > 0


def test_a_live_event_arrives_as_the_envelope(web: WebServer, person: Person) -> None:
    stream = web.stream(headers=person.headers)
    stream.next()
    tell(badge(person.user, "night-owl"))
    message = stream.next()
    assert message.id == "1"
    assert message.data["sequence"] == 1
    assert message.data["eventType"] == "badge_activated"
    assert message.data["data"]["badgeId"] == "night-owl"


def test_nobody_hears_somebody_elses_events(web: WebServer, person: Person, other: Person) -> None:
    stream = web.stream(headers=person.headers)
    stream.next()
    tell(badge(other.user), badge(person.user, "mine"))
    assert stream.next().data["data"]["badgeId"] == "mine"


@pytest.mark.parametrize("how", ["header", "query"])
def test_what_was_missed_comes_before_what_is_live(
    web: WebServer, person: Person, how: str
) -> None:
    tell(*badges(person.user, 5))
    asked = {"last": "2"} if how == "header" else {"params": {"after": "2"}}
    stream = web.stream(headers=person.headers, **asked)
    first = stream.next()
    assert (first.id, first.data["sequence"]) == ("2", 5)
    tell(badge(person.user))
    assert stream.sequences(4) == [3, 4, 5, 6]


def test_the_header_is_newer_than_the_address(web: WebServer, person: Person) -> None:
    tell(*badges(person.user, 3))
    stream = web.stream(headers=person.headers, last="2", params={"after": "0"})
    stream.next()
    assert stream.sequences(1) == [3]


def test_a_client_that_drops_before_its_first_event_resumes(web: WebServer, person: Person) -> None:
    tell(badge(person.user))
    stream = web.stream(headers=person.headers)
    point = stream.next().id
    stream.close()
    tell(*badges(person.user, 2))
    again = web.stream(headers=person.headers, last=point)
    again.next()
    assert again.sequences(2) == [2, 3]


def test_a_client_that_drops_before_its_replay_keeps_its_point(
    web: WebServer, person: Person
) -> None:
    tell(*badges(person.user, 2))
    stream = web.stream(headers=person.headers, last="0")
    point = stream.next().id
    stream.close()
    again = web.stream(headers=person.headers, last=point)
    again.next()
    assert again.sequences(2) == [1, 2]


@pytest.mark.parametrize("point", ["99", "-1", "abc", "1.5", "9" * 40, "42.superseded.x"])
def test_an_impossible_point_is_a_reset(web: WebServer, person: Person, point: str) -> None:
    tell(*badges(person.user, 2))
    stream = web.stream(headers=person.headers, last=point)
    first, reset = stream.take(2)
    assert first.id is None
    assert (reset.type, reset.id, reset.data["sequence"]) == ("reset", "2", 2)
    assert reset.data["snapshot"].startswith("/api/v1/user/")
    tell(badge(person.user))
    assert stream.sequences(1) == [3]


def test_too_far_behind_is_a_reset(web: WebServer, person: Person) -> None:
    tell(*badges(person.user, 21))
    near = web.stream(headers=person.headers, last="1")
    near.next()
    assert near.sequences(20) == list(range(2, 22))
    far = web.stream(headers=person.headers, last="0")
    assert [message.type for message in far.take(2)] == ["connection_established", "reset"]


def test_heartbeats_carry_no_id(web: WebServer, person: Person) -> None:
    stream = web.stream(headers=person.headers)
    stream.next()
    beat = stream.next(heartbeats=True)
    assert (beat.type, beat.id) == ("heartbeat", None)
    assert beat.data["timestamp"].endswith("Z")
    assert beat.data["serverTime"].endswith("Z")


def test_an_event_that_redis_lost_arrives_with_the_next_head(
    web: WebServer, person: Person
) -> None:
    stream = web.stream(headers=person.headers)
    stream.next()
    write(badge(person.user))  # and nothing is pushed
    assert stream.sequences(1) == [1]


def test_an_upgrade_event_reaches_only_the_resuming_stream_once(
    web: WebServer, person: Person
) -> None:
    first, second = (web.stream(headers=person.headers) for _ in range(2))
    first.next(), second.next()
    tell(*badges(person.user, 3))
    assert first.sequences(3) == second.sequences(3) == [1, 2, 3]
