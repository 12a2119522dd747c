"""Secrets are stored as hashes only."""

import hashlib


def hash_secret(secret: str) -> str:
    """SHA-256 in hex. Enough for random secrets of 128 bits and more; not for passwords."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
