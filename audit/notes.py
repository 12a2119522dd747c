"""Signed notes and checkpoints, as C2SP's signed-note and tlog-checkpoint write them.

A checkpoint says: the log named `origin` had `size` records, and this was its root.
"""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ED25519 = b"\x01"  # the signature type in a key's id


@dataclass(frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


class NoteSigner:
    """Signs notes in the name of the log. Prints as its name, never as its key."""

    def __init__(self, name: str, seed: bytes) -> None:
        """`seed` is the 32 bytes of an Ed25519 private key. Raises ValueError."""
        if not name or any(letter.isspace() or letter == "+" for letter in name):
            raise ValueError("The log's name must have no space and no plus.")
        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def __repr__(self) -> str:
        return f"<NoteSigner {self.name}>"

    @property
    def _key_id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self._public).digest()[:4]

    def verifier_key(self) -> str:
        """What a verifier is given: `name+id+key`."""
        key = base64.b64encode(ED25519 + self._public).decode()
        return f"{self.name}+{self._key_id.hex()}+{key}"

    def sign(self, text: str) -> str:
        """The text (which ends with a newline), an empty line, and the signature's line."""
        signature = base64.b64encode(self._key_id + self._key.sign(text.encode())).decode()
        return f"{text}\n\N{EM DASH} {self.name} {signature}\n"
