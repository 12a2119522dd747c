"""Rate limits, and what becomes of them without Redis."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client, RequestFactory
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import User
from core.redis import breaker, redis_client
from core.throttling import RedisThrottle, network_of, parse_rate

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.urls")]


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    breaker.reset()
    redis_client.cache_clear()
    redis_client().flushdb()
    yield
    breaker.reset()
    redis_client.cache_clear()


def person(number: int = 1) -> Client:
    client = Client()
    client.force_login(User.objects.get_or_create(username=f"person {number}")[0])
    return client


def post(client: Client, name: str, key: str | None = None):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post("/groups", {"name": name}, content_type="application/json", headers=headers)


def test_the_sixth_call_in_a_minute_is_refused_and_told_when_to_come_back() -> None:
    client = person()
    assert [post(client, f"g{n}").status_code for n in range(5)] == [201] * 5
    refused = post(client, "g5")
    assert refused.status_code == 429
    assert refused.json()["error_code"] == "RATE_LIMITED"
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert Group.objects.filter(name="g5").count() == 0
    assert post(person(2), "g6").status_code == 201


def let_pass(minutes: int) -> None:
    """As if the calls so far had been made that much earlier."""
    client: Any = redis_client()
    for key in client.scan_iter("rate:*"):
        for member, _ in client.zrange(key, 0, -1, withscores=True):
            client.zincrby(key, -minutes * 60_000, member)


def test_the_window_slides(settings) -> None:
    settings.RATE_LIMITS = {"upgrade": "2/h"}
    client = person()
    post(client, "g0")
    let_pass(minutes=40)
    post(client, "g1")
    refused = post(client, "g2")
    assert refused.status_code == 429
    assert 1000 < int(refused["Retry-After"]) <= 1200
    let_pass(minutes=30)  # the first has left the window, the second has not
    assert post(client, "g3").status_code == 201
    assert post(client, "g4").status_code == 429


def test_a_refused_call_does_not_lengthen_the_wait(settings) -> None:
    settings.RATE_LIMITS = {"upgrade": "1/h"}
    client = person()
    post(client, "g0")
    let_pass(minutes=40)
    assert post(client, "g1").status_code == 429
    let_pass(minutes=30)
    assert post(client, "g2").status_code == 201


def test_a_replay_is_neither_counted_nor_refused() -> None:
    client = person()
    first = post(client, "g0", key="k")
    for _ in range(6):
        assert post(client, "g0", key="k").json() == first.json()
    assert [post(client, f"h{n}").status_code for n in range(5)] == [201] * 4 + [429]
    assert post(client, "g0", key="k").status_code == 201


def test_with_redis_refusing_every_call_is_allowed(settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    redis_client.cache_clear()
    client = person()
    assert [post(client, f"g{n}").status_code for n in range(7)] == [201] * 7


def test_with_redis_hanging_every_call_is_allowed_and_few_wait_for_it(settings) -> None:
    settings.REDIS_TIMEOUT_SECONDS = 1
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        redis_client.cache_clear()
        client = person()
        assert [post(client, f"g{n}").status_code for n in range(7)] == [201] * 7
        assert 1 <= _callers(silent) < 7


def _callers(server: socket.socket) -> int:
    """Those that nobody has accepted yet."""
    server.setblocking(False)
    count = 0
    with suppress(BlockingIOError):
        while True:
            server.accept()[0].close()
            count += 1
    return count


def test_a_key_in_redis_does_not_outlive_its_window() -> None:
    post(person(), "g0")
    [key] = redis_client().keys("rate:*")
    assert 0 < redis_client().pttl(key) <= 60_000


@pytest.mark.parametrize("rate", ["5", "5/week", "0/min", "-1/s", "many/min", ""])
def test_a_malformed_rate_is_a_clear_error(rate: str) -> None:
    with pytest.raises(ValueError, match=r"rate|invalid literal"):
        parse_rate(rate)


def asked_from(address: str, forwarded: str = "") -> Request:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return Request(RequestFactory().get("/", REMOTE_ADDR=address, headers=headers))


def test_a_client_is_its_network_address() -> None:
    assert network_of(asked_from("192.0.2.7")) == "192.0.2.7"
    assert network_of(asked_from("2001:db8::1")) == network_of(asked_from("2001:db8::ffff"))
    assert network_of(asked_from("2001:db8::1")) != network_of(asked_from("2001:db8:0:1::1"))
    assert network_of(asked_from("")) == "unknown"


def test_a_client_cannot_invent_its_address() -> None:
    assert network_of(asked_from("192.0.2.7", forwarded="203.0.113.1")) == "192.0.2.7"


class SomeThrottle(RedisThrottle):
    limit = "auth"


def test_before_sign_in_the_address_is_counted(settings) -> None:
    settings.RATE_LIMITS = {"auth": "1/min"}
    here, there = asked_from("192.0.2.7"), asked_from("192.0.2.8")
    assert SomeThrottle().allow_request(here, APIView())
    assert not SomeThrottle().allow_request(here, APIView())
    assert SomeThrottle().allow_request(there, APIView())
