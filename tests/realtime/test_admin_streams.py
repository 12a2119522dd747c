"""The live page of the streams in the admin."""

import json
import re
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from accounts.models import User
from core.ids import uuid7
from core.redis import breaker, redis_client
from realtime.channels import reports_key
from realtime.overview import SILENT_AFTER_SECONDS, read_overview
from tests.realtime.feed import Person, badges, tell
from tests.realtime.servers import WebServer, start_web
from tests.realtime.test_opening import cookie_of
from tests.realtime.watching import wait_for

PAGE = "/admin/streams/"
NUMBERS = "/admin/streams/numbers.json"


@pytest.fixture
def chief(person: Person) -> Person:
    person.user.is_staff = True
    person.user.save()
    return person


@pytest.fixture
def second(shared_log: None) -> Iterator[WebServer]:
    server = start_web()
    yield server
    server.stop()


@pytest.fixture
def no_redis(settings: Any) -> Iterator[None]:
    """A Redis that refuses."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    for kept in (redis_client, reports_key):
        kept.cache_clear()
    breaker.reset()
    yield
    for kept in (redis_client, reports_key):
        kept.cache_clear()
    breaker.reset()


def numbers(web: WebServer, chief: Person) -> dict[str, Any]:
    answer = web.get(NUMBERS, headers={"Cookie": cookie_of(chief)})
    assert answer.status_code == 200
    assert "no-store" in answer.headers["cache-control"]
    found: dict[str, Any] = answer.json()
    return found


def test_the_page_shows_each_process_and_the_total(
    web: WebServer, second: WebServer, chief: Person, other: Person
) -> None:
    for server, reader in ((web, other), (web, chief), (second, other)):
        assert server.stream(headers=reader.headers).next().type == "connection_established"

    def of_processes() -> dict[int, tuple[int, int]]:
        alive = [r for r in numbers(web, chief)["processes"] if not r["isSilent"]]
        return {report["pid"]: (report["streams"], report["users"]) for report in alive}

    wait_for(lambda: of_processes() == {web.process.pid: (2, 2), second.process.pid: (1, 1)})
    total = numbers(second, chief)["total"]
    assert (total["processes"], total["streams"], total["users"]) == (2, 3, 3)
    assert total["byTransport"] == {"sse": 3}


def test_what_ends_is_counted_by_reason_and_rates_move(
    web: WebServer, chief: Person, other: Person
) -> None:
    before = numbers(web, chief)["total"]["closed"].get("superseded", 0)
    streams = [web.stream(headers=other.headers) for _ in range(4)]
    assert streams[-1].next().type == "connection_established"
    wait_for(lambda: numbers(web, chief)["total"]["closed"].get("superseded", 0) == before + 1)

    def delivered_more() -> bool:
        tell(*badges(other.user, 3))
        return bool(numbers(web, chief)["total"]["deliveriesPerSecond"] > 0)

    wait_for(delivered_more)


def test_a_killed_process_is_shown_as_silent_and_counts_no_more(
    web: WebServer, second: WebServer, chief: Person, other: Person
) -> None:
    second.stream(headers=other.headers).next()
    wait_for(lambda: numbers(web, chief)["total"]["streams"] == 1)
    second.process.send_signal(signal.SIGKILL)
    second.process.wait()
    let_time_pass(second.process.pid)
    assert numbers(web, chief)["total"]["streams"] == 0
    found = {report["pid"]: report for report in numbers(web, chief)["processes"]}
    assert found[second.process.pid]["isSilent"]
    assert not found[web.process.pid]["isSilent"]


def let_time_pass(pid: int) -> None:
    """As if the process had said nothing for three reports more."""
    for process, text in redis_client().hgetall(reports_key()).items():
        report = json.loads(text)
        if report["pid"] == pid:
            report["at"] -= SILENT_AFTER_SECONDS
            redis_client().hset(reports_key(), process, json.dumps(report))


def test_a_process_that_stops_takes_its_report_back(
    web: WebServer, second: WebServer, chief: Person
) -> None:
    pid = second.process.pid

    def is_shown() -> bool:
        return pid in {report["pid"] for report in numbers(web, chief)["processes"]}

    wait_for(is_shown)
    second.stop()
    wait_for(lambda: not is_shown())


def test_what_was_silent_for_long_is_forgotten() -> None:
    old = f'{{"process": "{uuid7()}", "at": 1000.0}}'
    redis_client().hset(reports_key(), "old", old)
    overview = read_overview(now=1700.0)
    assert overview is not None
    assert b"old" not in redis_client().hkeys(reports_key())


@pytest.mark.parametrize("address", [PAGE, NUMBERS])
def test_only_staff_may_look(web: WebServer, person: Person, address: str) -> None:
    for headers in ({}, {"Cookie": cookie_of(person)}):
        answer = web.get(address, headers=headers)
        assert (answer.status_code, "login" in answer.headers["location"]) == (302, True)


@pytest.mark.django_db
def test_the_page_runs_no_inline_script_and_is_linked_from_the_index(client: Client) -> None:
    client.force_login(User.objects.create_superuser("chief", "a long enough password"))
    page = client.get(PAGE).content.decode()
    scripts = re.findall(r"<script[^>]*>", page)
    assert any("admin-streams.js" in script for script in scripts)
    assert all("src=" in script for script in scripts)
    assert not re.search(r"\son[a-z]+=|javascript:", page)
    assert finders.find("admin-streams.js")
    assert PAGE in client.get(reverse("admin:index")).content.decode()


@pytest.mark.django_db
def test_without_redis_the_page_says_so(client: Client, no_redis: None) -> None:
    client.force_login(User.objects.create_superuser("chief", "a long enough password"))
    assert client.get(NUMBERS).status_code == 503
