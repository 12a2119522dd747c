"""What leaves the house, and what must not."""

from datetime import UTC, datetime

from core.ids import uuid7
from events.envelope import browser_envelope, service_envelope
from events.models import Event
from tests.events.facts import SIGNATURE

REJECTED = {
    "upgradeRequestId": "0190b3a0-0000-7000-8000-000000000001",
    "transactionSignature": SIGNATURE,
    "error": {"error_code": "NOT_A_BURN", "message": "No burn in it.", "detail": "node 10.0.0.7"},
}


def event(**changed: object) -> Event:
    fields = {
        "type": "burn_rejected", "version": "1.0.0", "audience": "user", "user_id": uuid7(),
        "message": "Not a burn.", "data": REJECTED, "correlation_id": "c-1", "sequence": 42,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    return Event(**(fields | changed))


def test_the_envelope_is_the_documented_one() -> None:
    fact = event()
    assert service_envelope(fact) == {
        "eventId": str(fact.event_id),
        "eventType": "burn_rejected",
        "type": "burn_rejected",
        "message": "Not a burn.",
        "userId": str(fact.user_id),
        "sequence": 42,
        "timestamp": "2026-01-01T00:00:00.000Z",
        "source": "nft-service",
        "version": "1.0.0",
        "correlationId": "c-1",
        "data": REJECTED,
    }


def test_an_internal_field_never_reaches_a_browser() -> None:
    fact = event()
    seen = browser_envelope(fact)
    assert seen["data"]["error"] == {"error_code": "NOT_A_BURN", "message": "No burn in it."}
    assert {**seen, "data": REJECTED} == service_envelope(fact)
    assert "detail" in fact.data["error"]


def test_a_field_that_the_schema_does_not_know_never_reaches_a_browser() -> None:
    fact = event(data={**REJECTED, "internalId": 9, "systemMetadata": {"host": "a"}})
    assert set(browser_envelope(fact)["data"]) == set(REJECTED)


def test_an_event_of_the_system_names_no_user() -> None:
    fact = event(
        type="authority_balance_low", audience="admin", user_id=None, sequence=None,
        data={"balanceLamports": 1, "thresholdLamports": 2},
    )  # fmt: skip
    assert browser_envelope(fact)["userId"] is None
    assert browser_envelope(fact)["sequence"] is None
