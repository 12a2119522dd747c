"""Keypairs: the derived ones of our mints, and the ones that configuration gives us."""

import hashlib
import hmac
from contextlib import suppress
from uuid import UUID

from solders.keypair import Keypair

PURPOSES = frozenset({"upgrade-mint:v1", "unlock-mint:v1"})
NONCE_BYTES = 16


def derive_mint_keypair(*, secret: bytes, purpose: str, request_id: UUID, nonce: bytes) -> Keypair:
    """The one keypair that may mint for this request.

    Seed: HMAC-SHA256(secret, purpose + ":" + the id's 16 bytes + the nonce's 16 bytes). All
    parts but the purpose have a fixed length, so no two inputs give the same text.
    """
    if purpose not in PURPOSES:
        raise ValueError(f"unknown purpose {purpose!r}")
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"the nonce must have {NONCE_BYTES} bytes")
    if len(secret) < 32:
        raise ValueError("the derivation secret must have at least 32 bytes")
    text = purpose.encode() + b":" + request_id.bytes + nonce
    return Keypair.from_seed(hmac.new(secret, text, hashlib.sha256).digest())


def load_keypair(text: str) -> Keypair:
    """From base58 or the JSON array of Solana's own tools. ValueError never quotes the text."""
    text = text.strip()
    parse = Keypair.from_json if text.startswith("[") else Keypair.from_base58_string
    keypair = None
    with suppress(ValueError):  # a chained error could carry parts of the secret
        keypair = parse(text)
    if keypair is None:
        text = ""  # debug pages and error trackers show a traceback's variables
        raise ValueError("not a Solana keypair (base58 or a JSON array of 64 numbers)")
    return keypair
