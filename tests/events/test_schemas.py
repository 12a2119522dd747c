"""The schemas are what DESIGN promises, and hold what is published to them."""

import json
import subprocess
import sys
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from events.catalogue import FOLDER, InvalidEvent, event_types, schema_for
from tests.events.facts import MINT, MOMENT, SIGNATURE
from tests.patience import PATIENCE

USER, ADMIN, INTERNAL = "user", "admin", "internal"
OPERATIONS, ANALYTICS = "nft-operations-topic", "nft-analytics-topic"
USER_EVENTS, NOTIFICATIONS = "user-nft-events-topic", "nft-notifications-topic"

REQUEST = "0190b3a0-0000-7000-8000-000000000001"
ERROR = {"error_code": "RPC_DOWN", "message": "The chain did not answer."}

# Each type's audience, its topics besides the log, a payload with every documented field.
PROMISED: dict[str, tuple[str, list[str], dict[str, Any]]] = {
    "upgrade_initiated": (
        USER,
        ["nft-upgrade-initiated", OPERATIONS],
        {"upgradeRequestId": REQUEST, "currentNftId": REQUEST, "currentLevel": 1,
         "targetLevel": 2, "expiresAt": MOMENT},
    ),
    "nft_burned": (
        USER,
        [OPERATIONS, ANALYTICS],
        {"nftId": REQUEST, "mintAddress": MINT, "transactionSignature": SIGNATURE,
         "burnedAt": MOMENT, "upgradeRequestId": None},
    ),
    "burn_confirmed": (
        USER,
        ["nft-burn-confirmed", OPERATIONS],
        {"upgradeRequestId": REQUEST, "transactionSignature": SIGNATURE, "slot": 7},
    ),
    "burn_rejected": (
        USER,
        ["nft-upgrade-failed", OPERATIONS],
        {"upgradeRequestId": REQUEST, "transactionSignature": SIGNATURE, "error": ERROR},
    ),
    "mint_failed_retryable": (
        USER,
        ["nft-upgrade-failed", OPERATIONS],
        {"upgradeRequestId": REQUEST, "attempt": 3, "nextAttemptAt": MOMENT, "error": ERROR},
    ),
    "upgrade_cancelled": (
        USER,
        ["nft-upgrade-failed", OPERATIONS],
        {"upgradeRequestId": REQUEST, "reason": "asked by the user"},
    ),
    "upgrade_expired": (
        USER,
        ["nft-upgrade-failed", OPERATIONS],
        {"upgradeRequestId": REQUEST, "reason": "no burn within 30 minutes"},
    ),
    "upgrade_needs_review": (
        USER,
        ["nft-upgrade-failed", OPERATIONS],
        {"upgradeRequestId": REQUEST, "reason": "no transaction proves the burn"},
    ),
    "upgrade_completed": (
        USER,
        ["nft-upgrade-completed", OPERATIONS],
        {"upgradeRequestId": REQUEST, "newNftId": REQUEST, "mintAddress": MINT,
         "transactionSignature": SIGNATURE, "level": 2, "durationMs": 5000},
    ),
    "notification_created": (
        USER,
        [NOTIFICATIONS],
        {"notificationId": REQUEST, "notificationType": "badge_earned", "title": "New badge",
         "text": "You earned a badge.", "priority": "normal", "link": "/badges",
         "causedBy": REQUEST},
    ),
    "notifications_read": (
        USER,
        [NOTIFICATIONS],
        {"notificationIds": [REQUEST], "everything": False, "unreadCount": 3},
    ),
    "upgrade_status_changed": (
        INTERNAL,
        [OPERATIONS],
        {"upgradeRequestId": REQUEST, "fromStatus": "minting", "toStatus": "completed",
         "reason": "mint finalized"},
    ),
    "volume_changed": (
        INTERNAL,
        [ANALYTICS],
        {"previousVolume": "0", "currentVolume": "1.5", "trades": 1},
    ),
    "badge_revoked": (
        USER, [USER_EVENTS, NOTIFICATIONS], {"badgeId": "mentor", "reason": "a mistake"},
    ),
    "nft_unlock_ordered": (INTERNAL, [OPERATIONS], {"nftId": REQUEST, "tierId": 1}),
    "tier_changed": (INTERNAL, [OPERATIONS], {"tierId": 6, "tierVersion": 2}),
    "nft_minted": (
        ADMIN,
        [OPERATIONS, ANALYTICS],
        {"nftId": REQUEST, "mintAddress": MINT, "transactionSignature": SIGNATURE,
         "metadataUri": "http://127.0.0.1/m.json", "gasUsed": 5000, "upgradeRequestId": REQUEST},
    ),
    "transaction_failed": (
        ADMIN,
        [OPERATIONS],
        {"purpose": "mint", "transactionSignature": SIGNATURE, "mintAddress": MINT,
         "feePayer": MINT, "gasUsed": 10000, "nftId": REQUEST, "upgradeRequestId": None},
    ),
    "nft_upgraded": (
        USER,
        [USER_EVENTS, OPERATIONS],
        {"upgradeRequestId": REQUEST,
         "oldNft": {"nftId": REQUEST, "tierName": "Bronze", "burnedAt": MOMENT},
         "newNft": {"nftId": REQUEST, "tierName": "Silver", "tierId": 2, "mintAddress": MINT,
                    "transactionSignature": SIGNATURE},
         "consumedBadges": ["early-bird"]},
    ),
    "nft_unlocked": (
        USER,
        [USER_EVENTS, ANALYTICS],
        {"nftId": REQUEST, "tierName": "Bronze", "tierId": 1, "mintAddress": MINT,
         "imageUrl": "", "benefits": {"tradingFeeReduction": "10%", "aiAgentWeeklyUses": 10,
                                      "prioritySupport": False}},
    ),
    "nft_unlock_failed": (USER, [USER_EVENTS, OPERATIONS], {"tierId": 1, "error": ERROR}),
    "nft_transferred": (
        USER,
        [USER_EVENTS, OPERATIONS],
        {"nftId": REQUEST, "mintAddress": MINT, "fromWallet": MINT, "toWallet": MINT,
         "transactionSignature": SIGNATURE},
    ),
    "badge_earned": (
        USER,
        [USER_EVENTS, NOTIFICATIONS],
        {"badgeId": "early-bird", "badgeName": "Early bird", "description": "", "imageUrl": "",
         "earnedAt": MOMENT, "requiredForTier": None},
    ),
    "badge_activated": (
        USER, [USER_EVENTS, ANALYTICS], {"badgeId": "early-bird", "upgradeRequestId": None},
    ),
    "badge_consumed": (
        USER, [USER_EVENTS, ANALYTICS], {"badgeId": "early-bird", "upgradeRequestId": REQUEST},
    ),
    "volume_milestone_reached": (
        USER,
        [ANALYTICS],
        {"previousVolume": "99999.5", "currentVolume": "100000.00000001", "milestone": "100000",
         "tierUnlocked": None},
    ),
    "tier_qualification_changed": (
        USER,
        [ANALYTICS, USER_EVENTS],
        {"previousQualifications": [], "currentQualifications": [1], "volumeChange": "-0.5",
         "badgeChanges": {"earned": [], "activated": ["early-bird"], "consumed": []}},
    ),
    "authority_balance_low": (
        ADMIN, [OPERATIONS], {"balanceLamports": 1, "thresholdLamports": 2},
    ),
    "request_stuck": (
        ADMIN,
        [OPERATIONS],
        {"upgradeRequestId": REQUEST, "status": "minting", "stuckSeconds": 600,
         "reason": "no progress"},
    ),
}  # fmt: skip


# Fields that later versions added: never required, because older events lack them.
ADDED = {"tier_qualification_changed": {"moved", "revoked"}}


def test_every_promised_type_has_a_schema_and_no_other() -> None:
    assert event_types() == set(PROMISED)


@pytest.mark.parametrize("event_type", PROMISED)
def test_a_schema_is_valid_and_closed(event_type: str) -> None:
    document = json.loads((FOLDER / f"{event_type}.json").read_text())
    Draft202012Validator.check_schema(document)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for part in objects_in(document):
        assert part["additionalProperties"] is False
        public = {n for n, p in part["properties"].items() if not p.get("x-internal")}
        assert public - ADDED.get(event_type, set()) == set(part["required"])


def objects_in(schema: dict[str, Any]) -> list[dict[str, Any]]:
    parts = [schema] if schema.get("type") == "object" else []
    for child in schema.get("properties", {}).values():
        parts += objects_in(child)
    return parts


@pytest.mark.parametrize("event_type", PROMISED)
def test_a_schema_says_what_the_design_says(event_type: str) -> None:
    audience, topics, payload = PROMISED[event_type]
    schema = schema_for(event_type)
    assert schema.audience == audience
    assert list(schema.topics) == topics
    assert schema.version == ("1.1.0" if event_type in ADDED else "1.0.0")
    schema.check(payload)
    assert schema.public_part(payload) == payload


@pytest.mark.parametrize("event_type", PROMISED)
def test_a_missing_or_an_extra_field_is_refused(event_type: str) -> None:
    payload = PROMISED[event_type][2]
    schema = schema_for(event_type)
    for name in payload:
        with pytest.raises(InvalidEvent, match=name):
            schema.check({key: value for key, value in payload.items() if key != name})
    with pytest.raises(InvalidEvent, match="internalId"):
        schema.check({**payload, "internalId": 1})


@pytest.mark.parametrize(
    ("event_type", "field", "value"),
    [
        ("nft_burned", "burnedAt", "yesterday"),
        ("nft_burned", "transactionSignature", "0" * 88),
        ("nft_burned", "mintAddress", "short"),
        ("burn_confirmed", "upgradeRequestId", "42"),
        ("burn_confirmed", "slot", -1),
        ("volume_milestone_reached", "currentVolume", 100000.5),
        ("volume_milestone_reached", "currentVolume", "1e5"),
        ("upgrade_initiated", "targetLevel", 0),
        ("burn_rejected", "error", {"error_code": "lower case", "message": "m"}),
    ],
)
def test_a_wrong_value_is_refused(event_type: str, field: str, value: object) -> None:
    with pytest.raises(InvalidEvent, match=field):
        schema_for(event_type).check({**PROMISED[event_type][2], field: value})


@pytest.mark.parametrize("value", [object(), {1: "a key that is no text"}, float("nan")])
def test_what_is_no_json_is_refused_by_its_field(value: object) -> None:
    with pytest.raises(InvalidEvent, match="badgeId"):
        schema_for("badge_activated").check({"badgeId": value, "upgradeRequestId": None})


def test_an_unknown_type_has_no_schema() -> None:
    with pytest.raises(InvalidEvent, match="badge_lost"):
        schema_for("badge_lost")


def test_no_process_loads_the_slow_validator_before_an_event_is_broken() -> None:
    """Its formats take seconds of every start, also of each process that a test starts."""
    program = "import sys, events.catalogue; sys.exit('jsonschema' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", program], timeout=PATIENCE, check=False).returncode
        == 0
    )
