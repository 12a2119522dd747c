"""What every endpoint shares: one error format, one parser, one pagination."""

import json
from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client

from accounts.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.urls")]


@pytest.fixture
def person(client: Client) -> Client:
    client.force_login(User.objects.create(username="person"))
    return client


def is_error(response, status: int, code: str) -> bool:
    body = response.json()
    assert set(body) == {"code", "message", "error_code", "details"}
    assert response.status_code == body["code"] == status
    return bool(body["error_code"] == code and body["message"])


def test_a_field_error_names_the_field(person: Client) -> None:
    response = person.post("/groups", {}, content_type="application/json")
    assert is_error(response, 400, "INVALID_INPUT")
    assert response.json()["details"] == {"fields": {"name": ["This field is required."]}}


@pytest.mark.parametrize("body", ["{", "NaN", "Infinity", b"\xff", "[" * 100_000, '{"a":'])
def test_what_is_not_json_is_refused(client: Client, body: str | bytes) -> None:
    response = client.post("/echo", body, content_type="application/json")
    assert is_error(response, 400, "INVALID_INPUT")


def test_json_is_read_whatever_its_content_type(client: Client) -> None:
    assert client.post("/echo", '{"a": 1}', content_type="text/plain").json() == {"a": 1}


def test_a_body_that_is_too_large_is_refused(client: Client, settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    fits = json.dumps("x" * 98)
    assert client.post("/echo", fits, content_type="application/json").status_code == 200
    response = client.post("/echo", fits + " ", content_type="application/json")
    assert is_error(response, 413, "BODY_TOO_LARGE")


def test_a_wrong_method_answers_in_the_error_format(client: Client) -> None:
    assert is_error(client.delete("/echo"), 405, "METHOD_NOT_ALLOWED")


def test_an_unknown_address_answers_in_the_error_format(client: Client) -> None:
    assert is_error(client.get("/nowhere"), 404, "NOT_FOUND")


def test_an_unknown_host_answers_in_the_error_format(client: Client) -> None:
    response = client.get("/nowhere/", headers={"Host": "evil.test"})
    assert is_error(response, 400, "INVALID_INPUT")


def test_a_bug_answers_in_the_error_format_without_its_reason(client: Client) -> None:
    client.raise_request_exception = False
    response = client.get("/broken")
    assert is_error(response, 500, "INTERNAL_ERROR")
    assert "a bug" not in response.content.decode()


def test_a_limit_says_when_to_come_back(client: Client) -> None:
    response = client.get("/limited")
    assert is_error(response, 429, "TOO_MANY")
    assert response["Retry-After"] == "7"
    assert response.json()["details"] == {"retryAfter": 7}


def test_lists_are_paginated_newest_first(person: Client) -> None:
    Group.objects.all().delete()
    for name in "abc":
        Group.objects.create(name=name)
    page = person.get("/groups?limit=2").json()
    assert [row["name"] for row in page["results"]] == ["c", "b"]
    rest = person.get(page["next"]).json()
    assert [row["name"] for row in rest["results"]] == ["a"]
    assert rest["next"] is None


@pytest.mark.urls("config.urls")
def test_the_openapi_document_is_complete(client: Client) -> None:
    out = StringIO()
    call_command("spectacular", "--fail-on-warn", "--validate", stdout=out)
    assert "/api/auth/nonce/{address}" in out.getvalue()
    assert client.get("/api/schema/").status_code == 200
    page = client.get("/api/docs/").content.decode()
    assert "https://" not in page
