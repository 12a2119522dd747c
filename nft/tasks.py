"""Background jobs: an id in, one service call. A step that wants another one says when."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from core.jobs import enqueue
from nft import jobs
from nft.services.authority import watch_authority_balance
from nft.services.closing import expire_upgrades
from nft.services.earning import sweep_earning
from nft.services.following import follow_nft, glance_at_holders
from nft.services.giving_away import cancel_given_away
from nft.services.minting import advance_mint
from nft.services.proving import check_burn
from nft.services.recovery import redrive_unfinished
from nft.services.stuck import tell_stuck

# Beyond this the row waits for `redrive`: Redis hands a message that rests for longer than its
# visibility timeout (120 s) to one worker after another, and every copy stays in memory.
LONGEST_COUNTDOWN = 30.0


@shared_task(name=jobs.CHECK_BURN)
def check_burn_task(request_id: str) -> None:
    pause = check_burn(request_id=UUID(request_id), now=timezone.now())
    _go_on(jobs.CHECK_BURN, request_id, pause)


@shared_task(name=jobs.MINT)
def mint_task(order_id: str) -> None:
    pause = advance_mint(order_id=UUID(order_id), now=timezone.now())
    _go_on(jobs.MINT, order_id, pause)


@shared_task(name=jobs.REDRIVE)
def redrive_task() -> None:
    redrive_unfinished(now=timezone.now())


@shared_task(name=jobs.EXPIRE)
def expire_task() -> None:
    expire_upgrades(now=timezone.now())


@shared_task(name=jobs.TELL_STUCK)
def tell_stuck_task() -> None:
    tell_stuck(now=timezone.now())


@shared_task(name=jobs.WATCH_AUTHORITY)
def watch_authority_task() -> None:
    watch_authority_balance(now=timezone.now())


@shared_task(name=jobs.GLANCE)
def glance_task() -> None:
    cancel_given_away(now=timezone.now())
    glance_at_holders(now=timezone.now())


@shared_task(name=jobs.FOLLOW_NFT)
def follow_nft_task(holding_id: str) -> None:
    pause = follow_nft(holding_id=UUID(holding_id), now=timezone.now())
    _go_on(jobs.FOLLOW_NFT, holding_id, pause)


@shared_task(name=jobs.SWEEP_EARNING)
def sweep_earning_task() -> None:
    sweep_earning(now=timezone.now())


def _go_on(job: str, row_id: str, pause: float | None) -> None:
    if pause is not None and pause <= LONGEST_COUNTDOWN:
        enqueue(job, row_id, countdown=pause)
