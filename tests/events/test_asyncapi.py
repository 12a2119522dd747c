"""The description of the events is valid, whole, public and up to date."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.test import Client
from jsonschema import Draft7Validator, Draft202012Validator

from events.asyncapi import asyncapi_document, public_schema
from events.catalogue import event_types, schema_for
from events.kafka.inbound import inbounds
from events.kafka.topics import planned_topics
from trading.schema import TRADE

SPECIFICATION = Path(__file__).parent / "data" / "asyncapi-3.0.0.json"


def resolve(reference: str) -> Any:
    part: Any = asyncapi_document()
    for name in reference.removeprefix("#/").split("/"):
        part = part[name]
    return part


def references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [found for item in part for found in references(item)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
    return own + [found for item in part.values() for found in references(item)]


def test_the_document_is_valid_asyncapi() -> None:
    validator = Draft7Validator(json.loads(SPECIFICATION.read_text()))
    assert [error.json_path for error in validator.iter_errors(asyncapi_document())] == []
    broken = {**asyncapi_document(), "operations": {"x": {"action": "shout"}}}
    assert not validator.is_valid(broken)


def test_every_reference_leads_somewhere() -> None:
    found = references(asyncapi_document())
    assert len(found) > 100
    for reference in found:
        assert resolve(reference)


def test_every_type_is_in_the_log_and_in_its_topics() -> None:
    channels = asyncapi_document()["channels"]
    assert set(channels["nft-event-log"]["messages"]) == event_types()
    for event_type in event_types():
        for topic in schema_for(event_type).topics:
            assert event_type in channels[topic]["messages"]


def test_an_inbound_topic_is_described_by_its_own_schema() -> None:
    document = asyncapi_document()
    [message] = document["channels"]["mp-trade-topic"]["messages"].values()
    payload = resolve(resolve(message["$ref"])["payload"]["$ref"])
    assert {**payload, "$schema": TRADE["$schema"]} == TRADE
    received = {name for name, it in document["operations"].items() if it["action"] == "receive"}
    assert received == {f"receive-{inbound.topic}" for inbound in inbounds()}
    assert "send-mp-trade-topic" not in document["operations"]


def test_every_topic_that_is_made_is_described_with_its_dead_letters() -> None:
    channels = asyncapi_document()["channels"]
    assert {name for name in channels if name.endswith(".dlq")} == {
        name for name in planned_topics() if name.endswith(".dlq")
    }
    for name in planned_topics():
        assert channels[name]["address"] == name


def test_a_browser_is_promised_no_internal_field() -> None:
    streams = [name for name in asyncapi_document()["channels"] if name.endswith("Stream")]
    assert len(streams) == 3
    for name in streams:
        for message in asyncapi_document()["channels"][name]["messages"].values():
            data = resolve(
                resolve(message["$ref"])["payload"]["allOf"][1]["properties"]["data"]["$ref"]
            )
            assert "x-internal" not in json.dumps(data)
            assert public_schema(data) == data
    log = resolve(
        asyncapi_document()["channels"]["nft-event-log"]["messages"]["burn_rejected"]["$ref"]
    )
    assert log["name"] == "burn_rejected"
    assert "x-internal" in json.dumps(resolve("#/components/schemas/burn_rejected"))


def test_a_message_accepts_a_real_envelope_and_no_other() -> None:
    message = resolve("#/components/messages/badge_activated")
    validator = Draft202012Validator(
        {**message["payload"], "components": asyncapi_document()["components"]}
    )
    envelope = {
        "eventId": "e", "eventType": "badge_activated", "type": "badge_activated",
        "message": "m", "userId": "u", "sequence": 1, "timestamp": "t",
        "source": "nft-service", "version": "1.0.0", "correlationId": "c",
        "data": {"badgeId": "b", "upgradeRequestId": None},
    }  # fmt: skip
    assert validator.is_valid(envelope)
    assert not validator.is_valid({**envelope, "data": {"badgeId": "b"}})
    assert not validator.is_valid({**envelope, "eventType": "badge_earned"})


def test_it_is_served_to_everybody(client: Client) -> None:
    answer = client.get("/api/asyncapi.json")
    assert (answer.status_code, answer.json()) == (200, asyncapi_document())
    assert client.post("/api/asyncapi.json").status_code == 405


def test_the_command_prints_the_document() -> None:
    out = StringIO()
    call_command("asyncapi", stdout=out)
    assert json.loads(out.getvalue()) == asyncapi_document()
