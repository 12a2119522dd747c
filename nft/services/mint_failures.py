"""Failed attempts: three make a round, rounds follow each other for ever, on their own."""

import logging
import random
from datetime import datetime, timedelta

from django.db import transaction

from chain.errors import ChainError
from events.services import publish
from nft.events import MintFailedRetryable, NftUnlockFailed, error_of
from nft.models import MintOrder, Purpose, UpgradeRequest, UpgradeStatus

logger = logging.getLogger(__name__)

ATTEMPTS_A_ROUND = 3
FIRST_PAUSE = timedelta(seconds=1)
FIRST_PAUSE_BETWEEN_ROUNDS = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=5)


def record_failed_attempt(*, order: MintOrder, error: ChainError, now: datetime) -> timedelta:
    """Count the attempt; at the end of a round tell the member. The pause before the next."""
    attempt = order.attempt + 1
    code, message = error.code, error.message
    pause = pause_after(attempt)
    logger.warning("Order %s, attempt %s: %s", order.id, attempt, code)
    with transaction.atomic(durable=True):
        order.note_failure(code=code, message=message)
        if attempt % ATTEMPTS_A_ROUND == 0:
            _end_round(order, code=code, message=message, retry_at=now + pause, now=now)
    return pause


def pause_after(attempt: int) -> timedelta:
    """Exponential within a round and from round to round, at most 5 min, with jitter."""
    rounds, within = divmod(attempt, ATTEMPTS_A_ROUND)
    if within:
        pause = FIRST_PAUSE * (1 << (within - 1))
    else:
        doubled: timedelta = FIRST_PAUSE_BETWEEN_ROUNDS * 2 ** min(rounds - 1, 10)
        pause = min(doubled, LONGEST_PAUSE)
    jitter: float = random.uniform(0.75, 1.0)  # noqa: S311
    return pause * jitter


def resume_after_pause(*, order: MintOrder, now: datetime) -> None:
    """The next round begins: `mint_failed` becomes `minting` again."""
    request = _upgrade_of(order)
    if request is not None and request.status == UpgradeStatus.MINT_FAILED:
        with transaction.atomic(durable=True):
            request.resume_minting(reason="next round of attempts", now=now)


def _end_round(
    order: MintOrder, *, code: str, message: str, retry_at: datetime, now: datetime
) -> None:
    error = error_of(code, message[:300])
    request = _upgrade_of(order)
    if request is None:
        level = order.terms["level"]
        publish(NftUnlockFailed(user_id=order.user_id, tier_id=level, error=error))
        return
    request.fail_round(code=code, message=message, now=now)
    publish(
        MintFailedRetryable(
            user_id=order.user_id,
            upgrade_request_id=request.id,
            attempt=order.attempt,
            next_attempt_at=retry_at,
            error=error,
        )
    )


def _upgrade_of(order: MintOrder) -> UpgradeRequest | None:
    if order.purpose != Purpose.UPGRADE:
        return None
    return UpgradeRequest.objects.get(order=order)
