"""A record as a leaf: a salted commitment for each field, so that one can be erased alone.

Whoever verifies recomputes this from docs/audit.md, not from here (`tools/verify_audit.py`).
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from audit.merkle import hash_leaf

FIELDS = (
    "at", "source", "what", "object", "subject", "actor",
    "reason", "origin", "correlation", "event", "before", "after",
)  # fmt: skip
PERSONAL = ("object", "subject", "actor", "reason", "before", "after")
SALT_BYTES = 16
LEAF_PREFIX = b"aiw3-audit/1\n"
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)

Values = Mapping[str, str | None]


@dataclass(frozen=True)
class Leaf:
    """`salts` and `commitments` stand in the order of FIELDS."""

    salts: list[bytes]
    commitments: bytes
    hash: bytes


def commitment(name: str, value: str | None, salt: bytes) -> bytes:
    """No value is another statement than an empty one."""
    content = b"\x00" if value is None else b"\x01" + value.encode()
    return hashlib.sha256(salt + name.encode() + b"\x00" + content).digest()


def make_leaf(values: Values) -> Leaf:
    """With fresh salts: 128 random bits a field hide even a value that has few alternatives."""
    noise = os.urandom(SALT_BYTES * len(FIELDS))
    salts = [noise[at : at + SALT_BYTES] for at in range(0, len(noise), SALT_BYTES)]
    pairs = zip(FIELDS, salts, strict=True)
    commitments = b"".join(commitment(name, values[name], salt) for name, salt in pairs)
    return Leaf(salts, commitments, leaf_hash(commitments))


def leaf_hash(commitments: bytes) -> bytes:
    return hash_leaf(LEAF_PREFIX + commitments)


def moment(value: datetime) -> str:
    """RFC 3339 in UTC with microseconds, as the database keeps it."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(value: Any) -> str:
    """The one spelling of a JSON value."""
    return _CANONICAL.encode(value)
