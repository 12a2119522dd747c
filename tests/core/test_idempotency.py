"""`Idempotency-Key`: one effect, one answer."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from core.errors import Conflict, ReusedKey
from core.idempotency import IN_FLIGHT_FOR, KEPT_FOR, Receipt, respond_once
from core.models import IdempotencyKey
from core.parsers import JSONParser
from core.redis import breaker, redis_client
from tests.patience import PATIENCE

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.urls")]


@pytest.fixture(autouse=True)
def _no_limits(settings) -> None:
    settings.RATE_LIMITS = {"upgrade": "1000/min"}
    breaker.reset()
    redis_client().flushdb()


@pytest.fixture
def person(client: Client) -> Client:
    client.force_login(User.objects.create(username="person"))
    return client


def post(client: Client, name: Any, key: str | None = "k") -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/groups", {"name": name}, content_type="application/json", headers=headers)


def test_a_repeated_call_has_one_effect_and_one_answer(person: Client) -> None:
    first, again = post(person, "a"), post(person, "a")
    assert first.json() == again.json()
    assert (first.status_code, again.status_code) == (201, 201)
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert Group.objects.filter(name="a").count() == 1


def test_without_a_key_nothing_is_remembered(person: Client) -> None:
    assert post(person, "a", key=None).status_code == 201
    assert post(person, "a", key=None).status_code == 400  # the name is taken
    assert not IdempotencyKey.objects.exists()


def test_another_body_under_the_same_key_is_refused(person: Client) -> None:
    post(person, "a")
    refused = post(person, "b")
    assert (refused.status_code, refused.json()["error_code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert not Group.objects.filter(name="b").exists()


def test_the_order_of_fields_makes_no_other_body(person: Client) -> None:
    headers = {"Idempotency-Key": "k"}
    for body in ('{"name":"a","x":1}', '{"x": 1, "name": "a"}'):
        answer = person.post("/groups", body, content_type="application/json", headers=headers)
        assert answer.status_code == 201


def test_keys_of_two_people_are_two_keys(person: Client) -> None:
    other = Client()
    other.force_login(User.objects.create(username="other"))
    assert post(person, "a").json()["name"] == "a"
    assert post(other, "b").json()["name"] == "b"


def test_a_refused_call_may_be_repeated_with_its_key(person: Client) -> None:
    Group.objects.create(name="a")
    assert post(person, "a").status_code == 400
    Group.objects.all().delete()
    assert post(person, "a").status_code == 201


def test_a_call_that_crashed_left_nothing_and_may_be_repeated(person: Client) -> None:
    person.raise_request_exception = False
    assert post(person, "fail").status_code == 500
    assert not Group.objects.filter(name="fail").exists()
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("key", ["", "x" * 201, "tab\tbed"])
def test_a_malformed_key_is_refused(person: Client, key: str) -> None:
    refused = post(person, "a", key=key)
    assert (refused.status_code, refused.json()["error_code"]) == (400, "INVALID_IDEMPOTENCY_KEY")


def test_a_key_is_forgotten_after_a_day(person: Client) -> None:
    post(person, "a")
    IdempotencyKey.objects.update(expires_at=timezone.now())
    assert post(person, "b").json()["name"] == "b"
    kept = IdempotencyKey.objects.get()
    assert kept.expires_at - kept.created_at == KEPT_FOR
    assert str(kept).endswith("groups k")


def ask(work: Any, body: str = "{}") -> Response:
    plain = RequestFactory().post(
        "/", body, content_type="application/json", headers={"Idempotency-Key": "k"}
    )
    request = Request(plain, parsers=[JSONParser()])
    return respond_once(request, scope="user:1", route="r", work=work)


def create(name: str, receipt: Receipt) -> Response:
    with transaction.atomic():
        Group.objects.create(name=name)
        receipt.keep({"name": name}, status=201)
    return Response({"name": name}, status=201)


def test_while_the_first_is_in_flight_the_second_is_told_to_wait() -> None:
    def work(receipt: Receipt) -> Response:
        with pytest.raises(Conflict) as waiting:
            ask(lambda inner: create("inner", inner))
        assert waiting.value.code == "IDEMPOTENCY_IN_FLIGHT"
        with pytest.raises(ReusedKey):
            ask(lambda inner: create("inner", inner), body='{"other": 1}')
        return create("outer", receipt)

    assert ask(work).status_code == 201
    assert list(
        Group.objects.values_list("name", flat=True).filter(name__in=["inner", "outer"])
    ) == ["outer"]


def test_of_a_request_that_hung_and_its_successor_only_one_takes_effect() -> None:
    def hung(receipt: Receipt) -> Response:
        IdempotencyKey.objects.update(claimed_until=timezone.now() - IN_FLIGHT_FOR)
        assert ask(lambda inner: create("second", inner)).status_code == 201
        return create("first", receipt)

    with pytest.raises(Conflict):
        ask(hung)
    assert not Group.objects.filter(name="first").exists()
    assert ask(lambda inner: create("third", inner)).data == {"name": "second"}


def test_a_successor_waits_its_turn_until_the_claim_runs_out() -> None:
    def work(receipt: Receipt) -> Response:
        IdempotencyKey.objects.update(claimed_until=timezone.now() + timedelta(seconds=5))
        with pytest.raises(Conflict):
            ask(lambda inner: create("inner", inner))
        return create("outer", receipt)

    assert ask(work).status_code == 201


@pytest.mark.django_db(transaction=True)
def test_of_twenty_calls_at_once_one_takes_effect(person: Client) -> None:
    start = threading.Barrier(20)

    def call(_: int) -> int:
        start.wait(PATIENCE)
        try:
            status: int = post(person, "a").status_code
            return status
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(call, range(20)))
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert Group.objects.filter(name="a").count() == 1
