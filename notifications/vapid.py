"""The key pair by which push services know us (VAPID, RFC 8292). Read once, by the settings."""

import time
from typing import NoReturn

from core.env import env

PROOF_LIVES_SECONDS = 12 * 3600  # push services refuse more than 24 hours


class VapidKey:
    """Signs for one subject (`mailto:` or `https:`); shows only its public key."""

    def __init__(self, private_key: str, subject: str) -> None:
        # Only where there is a key: they take a tenth of a second to load.
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
        from py_vapid import Vapid
        from py_vapid.utils import b64urlencode

        self._vapid = Vapid.from_string(private_key)
        self._subject = subject
        point = self._vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public_key: str = b64urlencode(point)

    def authorization(self, origin: str) -> str:
        """The header that proves to the push service at `origin` who sends."""
        claims = {
            "aud": origin,
            "exp": int(time.time()) + PROOF_LIVES_SECONDS,
            "sub": self._subject,
        }
        header: str = self._vapid.sign(claims)["Authorization"]
        return header

    def __repr__(self) -> str:
        return f"<VapidKey {self.public_key}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key cannot be pickled or copied")


def read_vapid_key(name: str, *, subject: str) -> VapidKey | None:
    """The P-256 private key in the variable `name`: base64url of its 32 bytes, or of its DER.

    None when it is not set. Raises ValueError, without the value, when it is malformed.
    """
    value = env.str(name, "")
    if not value:
        return None
    try:
        return VapidKey(value, subject)
    except Exception:  # noqa: BLE001 - whatever the library raises may quote the key
        raise ValueError(f"{name} is no P-256 private key in base64url") from None
