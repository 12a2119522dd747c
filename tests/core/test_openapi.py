"""The document says every call and every error; the answers keep to it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admindocs.views import simplify_regex
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from accounts.models import User
from accounts.services import get_or_create_user
from realtime.asgi import CHANGES, ROUTES
from realtime.handshake import PATH as WEBSOCKET

UNDOCUMENTED = {"/api/asyncapi.json", "/api/schema/", "/api/docs/"}  # the document itself
WALLET = "So11111111111111111111111111111111111111112"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from routes(entry, path)
        elif isinstance(entry, URLPattern):
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", simplify_regex(path))


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_every_route_below_api_is_documented(document: dict[str, Any]) -> None:
    ours = {path for path in routes(get_resolver()) if path.startswith("/api/")} - UNDOCUMENTED
    assert len(ours) > 20
    assert ours <= set(document["paths"])


def test_every_stream_is_documented(document: dict[str, Any]) -> None:
    for pattern in ROUTES.values():
        (path,) = [path for path in document["paths"] if pattern.match(path)]
        assert "text/event-stream" in document["paths"][path]["get"]["responses"]["200"]["content"]


def test_the_polls_and_the_websocket_are_documented(document: dict[str, Any]) -> None:
    (poll,) = [path for path in document["paths"] if CHANGES.match(path)]
    assert {"200", "304", "400", "401"} <= set(document["paths"][poll]["get"]["responses"])
    (socket,) = [path for path in document["paths"] if WEBSOCKET.match(path)]
    assert {"101", "401", "403"} <= set(document["paths"][socket]["get"]["responses"])


def test_every_error_has_the_one_shape_and_every_call_a_tag(document: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    for name, operation in operations(document):
        assert set(operation["tags"]) <= tags, name
        for status, answer in operation["responses"].items():
            if status >= "400":
                schema = answer["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Error"}, (name, status)


def test_a_call_that_needs_a_proof_says_what_happens_without(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        security = operation.get("security", [])
        if security and {} not in security:
            assert "401" in operation["responses"], name


@pytest.mark.parametrize(
    "path",
    ["/api/nft/upgrade", "/api/v1/user/upgrade-nft", "/api/v1/user/unlock-nft", "/api/v1/trades",
     "/api/v1/badges/{slug}/award", "/api/v1/users/{wallet}/benefits/{name}/use"],
)  # fmt: skip
def test_a_creating_call_takes_an_idempotency_key(document: dict[str, Any], path: str) -> None:
    call = document["paths"][path]["post"]
    assert "Idempotency-Key" in {parameter["name"] for parameter in call["parameters"]}
    assert {"400", "401", "409", "422"} <= set(call["responses"])


@pytest.fixture
def member(client: Client, db: None) -> User:
    user = get_or_create_user(wallet_address=WALLET)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


SAMPLE = [
    ("get", "/api/auth/nonce/{address}", "/api/auth/nonce/nobody", {}, 400),
    ("post", "/api/auth/verify", "/api/auth/verify", {}, 400),
    ("post", "/api/auth/refresh", "/api/auth/refresh", {"refresh": "x"}, 401),
    ("post", "/api/nft/upgrade", "/api/nft/upgrade", {}, 400),
    ("get", "/api/nft/upgrade/{upgrade_id}", "/api/nft/upgrade/none", {}, 404),
    ("post", "/api/nft/upgrade/{upgrade_id}/cancel", "/api/nft/upgrade/none/cancel", {}, 404),
    ("get", "/api/v1/user/nfts", "/api/v1/user/nfts?cursor=none", {}, 404),
    ("post", "/api/v1/user/unlock-nft", "/api/v1/user/unlock-nft", {"tierLevel": "x"}, 400),
    ("post", "/api/v1/trades", "/api/v1/trades", [], 401),
    ("get", "/api/v1/user/upgrade-preview", "/api/v1/user/upgrade-preview?nft=x", {}, 404),
    ("get", "/api/v1/users/{wallet}/benefits", "/api/v1/users/x/benefits", {}, 401),
    ("get", "/api/v1/nfts/{mint}/image.svg", "/api/v1/nfts/none/image.svg", {}, 404),
    ("get", "/api/v1/nfts/{mint}/card.png", "/api/v1/nfts/none/card.png", {}, 404),
]


@pytest.mark.usefixtures("member")
@pytest.mark.parametrize(("method", "path", "url", "body", "status"), SAMPLE)
def test_a_refusal_is_as_documented(
    client: Client,
    document: dict[str, Any],
    method: str,
    path: str,
    url: str,
    body: Any,
    status: int,
) -> None:
    given = {"data": body, "content_type": "application/json"} if method == "post" else {}
    answer = getattr(client, method)(url, **given)
    assert answer.status_code == status
    assert str(status) in document["paths"][path][method]["responses"]
    Draft202012Validator(document["components"]["schemas"]["Error"]).validate(answer.json())


@pytest.mark.django_db
def test_a_stranger_is_refused_as_documented(client: Client, document: dict[str, Any]) -> None:
    answer = client.get("/api/v1/user/stats")
    assert answer.status_code == 401
    Draft202012Validator(document["components"]["schemas"]["Error"]).validate(answer.json())
