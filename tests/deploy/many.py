"""Many streams on one HTTP/2 connection."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.deploy.certificate import Certificate
from tests.patience import PATIENCE
from tests.realtime.feed import Person, badge, new_person, tell

FEED = "/api/v1/user/nft-events"
PEOPLE, EACH = 17, 3  # 51 streams


@dataclass
class Streams:
    people: list[Person]
    responses: list[httpx.Response]

    def __post_init__(self) -> None:
        self._messages = [messages(response) for response in self.responses]

    def next_of_each(self) -> list[dict[str, Any]]:
        """The next message of each stream that is no heartbeat."""
        return [next(messages) for messages in self._messages]

    @property
    def connections(self) -> set[Any]:
        """The client's side of each TCP connection that is in use."""
        return {
            response.extensions["network_stream"].get_extra_info("client_addr")
            for response in self.responses
        }


@contextmanager
def many_streams(base: str, certificate: Certificate) -> Iterator[Streams]:
    """Opened; they end, and the connection with them, when the block does."""
    people = [new_person() for _ in range(PEOPLE)]
    with httpx.Client(
        base_url=base,
        http1=False,
        http2=True,
        verify=certificate.trusting(),
        timeout=PATIENCE,
        limits=httpx.Limits(max_connections=1),
    ) as client:
        asked = [
            client.build_request("GET", FEED, headers=person.headers)
            for person in people
            for _ in range(EACH)
        ]
        responses = [client.send(request, stream=True) for request in asked]
        try:
            yield Streams(people, responses)
        finally:
            for response in responses:
                response.close()


def check_that_all_receive(streams: Streams) -> None:
    """One connection, 51 streams: each is greeted, then hears its user's event."""
    assert len(streams.responses) > 50
    assert {(r.status_code, r.http_version) for r in streams.responses} == {(200, "HTTP/2")}
    assert len(streams.connections) == 1
    greeted = streams.next_of_each()
    assert {message["type"] for message in greeted} == {"connection_established"}
    for number in (1, 2):
        tell(*(badge(person.user) for person in streams.people))
        heard = streams.next_of_each()
        assert [(m["type"], m["sequence"]) for m in heard] == [("badge_activated", number)] * len(
            heard
        )
        assert [m["userId"] for m in heard] == [m["userId"] for m in greeted]


def messages(response: httpx.Response) -> Iterator[dict[str, Any]]:
    """Those of a stream, as they come, without heartbeats."""
    for line in response.iter_lines():
        if line.startswith("data: "):
            message = json.loads(line.removeprefix("data: "))
            if message["type"] != "heartbeat":
                yield message
