"""`Idempotency-Key`: a repeated creating POST has one effect and one answer.

The answer is stored in the transaction of the effect, so both exist or neither does.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import Conflict, InvalidInput, ReusedKey
from core.ids import uuid7
from core.models import IdempotencyKey

HEADER = "Idempotency-Key"
KEPT_FOR = timedelta(hours=24)
# Several times what the slowest such call may take (settings.SOLANA_RPC_CALLER_SECONDS); the
# client of a process that died is refused for as long.
IN_FLIGHT_FOR = timedelta(seconds=15)


class Receipt:
    """Handed to the work: `keep()` inside the effect's transaction makes the answer replayable."""

    def __init__(self, row_id: int | None = None, claim: UUID | None = None):
        self._row_id = row_id
        self._claim = claim

    def keep(self, body: Any, *, status: int) -> None:
        """Raises Conflict, which rolls the effect back, when another request took the key over."""
        if self._row_id is None or self._claim is None:
            return
        mine = IdempotencyKey.objects.filter(
            id=self._row_id, claim=self._claim, status_code__isnull=True
        )
        if not mine.update(status_code=status, body=json.loads(json.dumps(body, default=str))):
            raise _in_flight()

    def release(self) -> None:
        """Forget a request that had no effect, so that the client may try again."""
        if self._row_id is None or self._claim is None:
            return
        IdempotencyKey.objects.filter(
            id=self._row_id, claim=self._claim, status_code__isnull=True
        ).delete()


def respond_once(
    request: Request, *, scope: str, route: str, work: Callable[[Receipt], Response]
) -> Response:
    """Run `work`, or replay the answer it gave before for this scope, route and key.

    `scope` names the caller (`user:…` or `key:…`), `route` the canonical call, whatever
    alias was used. Raises ReusedKey for another body, Conflict while the first is in flight.
    """
    key = _read_key(request)
    if key is None:
        return work(Receipt())
    now = timezone.now()
    fingerprint = _fingerprint(request)
    row, receipt = _claim(scope=scope, route=route, key=key, fingerprint=fingerprint, now=now)
    if row.request_hash != fingerprint:
        raise ReusedKey("IDEMPOTENCY_KEY_REUSED", "This Idempotency-Key came with another body.")
    if receipt is None:
        return _replay(row)
    try:
        return work(receipt)
    finally:
        receipt.release()  # changes nothing once the answer is kept


def is_replay(request: Request, *, scope: str, route: str) -> bool:
    """Whether the answer is already stored; replays are not throttled."""
    key = request.headers.get(HEADER, "")
    answered = IdempotencyKey.objects.filter(
        scope=scope, route=route, key=key, status_code__isnull=False
    )
    return bool(key) and answered.exists()


def _read_key(request: Request) -> str | None:
    key = request.headers.get(HEADER)
    if key is not None and not (0 < len(key) <= 200 and key.isprintable()):
        raise InvalidInput("INVALID_IDEMPOTENCY_KEY", "Idempotency-Key needs 1 to 200 characters.")
    return key


def _fingerprint(request: Request) -> str:
    canonical = json.dumps(request.data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


@transaction.atomic
def _claim(
    *, scope: str, route: str, key: str, fingerprint: str, now: datetime
) -> tuple[IdempotencyKey, Receipt | None]:
    """The row, and a receipt when the caller is to do the work."""
    IdempotencyKey.objects.expired(now=now).filter(scope=scope, route=route, key=key).delete()
    claim = uuid7()
    row, created = IdempotencyKey.objects.select_for_update().get_or_create(
        scope=scope,
        route=route,
        key=key,
        defaults={
            "request_hash": fingerprint,
            "claim": claim,
            "claimed_until": now + IN_FLIGHT_FOR,
            "created_at": now,
            "expires_at": now + KEPT_FOR,
        },
    )
    if created:
        return row, Receipt(row.id, claim)
    if row.is_answered or row.request_hash != fingerprint:
        return row, None
    if row.claimed_until > now:
        raise _in_flight()
    row.claim, row.claimed_until = claim, now + IN_FLIGHT_FOR
    row.save(update_fields=["claim", "claimed_until"])
    return row, Receipt(row.id, claim)


def _replay(row: IdempotencyKey) -> Response:
    return Response(row.body, status=row.status_code, headers={"Idempotent-Replayed": "true"})


def _in_flight() -> Conflict:
    return Conflict("IDEMPOTENCY_IN_FLIGHT", "The first request with this key is still running.")
