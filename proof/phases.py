"""How far one member's upgrade (or unlocking) has come, as committed: read beside the proof."""

import threading
from contextlib import suppress
from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row

STATE = """
SELECT coalesce(r.status, 'unlock ' || o.status) AS status,
    o.signature IS NOT NULL AS is_signed,
    o.signature AS mint_signature,
    o.status = 'minted' AS is_minted,
    r.burn_signature,
    (SELECT count(*) FROM earned_badges b
        WHERE b.reserved_for = o.request_id AND b.status = 'consumed') AS consumed
FROM nft_mintorder o LEFT JOIN upgrade_requests r ON r.order_id = o.id
WHERE o.user_id = %s ORDER BY o.id DESC LIMIT 1
"""
KEPT = """
SELECT EXISTS (SELECT FROM nft_mintorder WHERE signed_transaction = %(raw)s)
    OR EXISTS (SELECT FROM nft_burntransaction WHERE signed_transaction = %(raw)s)
"""


@dataclass(frozen=True)
class State:
    status: str
    is_signed: bool
    mint_signature: str | None
    is_minted: bool
    burn_signature: str | None
    consumed: int

    @property
    def phase(self) -> str:
        return f"{self.status}, signed" if self.is_signed and not self.is_minted else self.status


class Witness:
    """A session of its own, in autocommit: sees what is committed and touches nothing."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._session: psycopg.Connection | None = None

    def state_of(self, member: str) -> State | None:
        with self._lock, self._open().cursor(row_factory=class_row(State)) as cursor:
            return cursor.execute(STATE, [member]).fetchone()

    def is_kept(self, raw: bytes) -> bool:
        """Whether this signed transaction is in the database."""
        with self._lock:
            row = self._open().execute(KEPT, {"raw": raw}).fetchone()
        return row == (True,)

    def _open(self) -> psycopg.Connection:
        if self._session is None or self._session.closed:
            self._session = psycopg.connect(self._url, autocommit=True, connect_timeout=5)
        return self._session

    def close(self) -> None:
        with suppress(psycopg.Error):
            if self._session is not None:
                self._session.close()
