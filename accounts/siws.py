"""The Sign-In-With-Solana text: one builder, one parser, no I/O.

Layout and field names follow the specification that Phantom published for wallets
(github.com/phantom/sign-in-with-solana), which follows EIP-4361.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

STATEMENT = "Sign in to AIW3 NFT. This costs nothing and moves nothing."

_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"
_LAYOUT = re.compile(
    r"(?P<domain>[^\s]{1,255}) wants you to sign in with your Solana account:\n"
    r"(?P<address>[1-9A-HJ-NP-Za-km-z]{32,44})\n"
    r"\n"
    r"(?P<statement>[^\n]{1,500})\n"
    r"\n"
    r"URI: (?P<uri>[^\s]{1,500})\n"
    r"Version: 1\n"
    r"Chain ID: (?P<chain_id>[A-Za-z0-9:_-]{1,64})\n"
    r"Nonce: (?P<nonce>[A-Za-z0-9]{8,32})\n"
    rf"Issued At: (?P<issued_at>{_TIME})\n"
    rf"Expiration Time: (?P<expires_at>{_TIME})"
)


class MalformedMessage(ValueError):
    """The text is not a sign-in message of our layout."""


@dataclass(frozen=True)
class SignInMessage:
    """`address` in base58; times in UTC, whole milliseconds."""

    domain: str
    address: str
    statement: str
    uri: str
    chain_id: str
    nonce: str
    issued_at: datetime
    expires_at: datetime

    def text(self) -> str:
        """The exact text that a wallet shows and signs (as UTF-8)."""
        return (
            f"{self.domain} wants you to sign in with your Solana account:\n"
            f"{self.address}\n"
            "\n"
            f"{self.statement}\n"
            "\n"
            f"URI: {self.uri}\n"
            "Version: 1\n"
            f"Chain ID: {self.chain_id}\n"
            f"Nonce: {self.nonce}\n"
            f"Issued At: {_stamp(self.issued_at)}\n"
            f"Expiration Time: {_stamp(self.expires_at)}"
        )

    @classmethod
    def parse(cls, text: str) -> "SignInMessage":
        """Raises MalformedMessage. A text that parses is equal to `parse(text).text()`."""
        found = _LAYOUT.fullmatch(text)
        if found is None:
            raise MalformedMessage
        fields = found.groupdict()
        issued, expires = _moment(fields.pop("issued_at")), _moment(fields.pop("expires_at"))
        return cls(issued_at=issued, expires_at=expires, **fields)


def _stamp(moment: datetime) -> str:
    naive = moment.astimezone(UTC).replace(tzinfo=None)
    return naive.isoformat(timespec="milliseconds") + "Z"


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # the 31st of February
        raise MalformedMessage from None
