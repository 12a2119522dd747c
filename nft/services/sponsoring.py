"""Fees that we pay for members: within budgets, for exactly the messages that we built."""

from datetime import UTC, date, datetime
from uuid import UUID

from django.conf import settings

from chain.client import SolanaClient
from chain.rent import rent_payer
from core.errors import Conflict
from nft.chain_access import payer
from nft.models import BurnTransaction, SponsorSpending
from nft.models.sponsoring import EVERYBODY


async def sponsored_rent_payer(chain: SolanaClient, *, account: str | None, mint: str) -> str:
    """Who gets the rent of the closed account when we pay the fee; empty when we do not.

    We do not where sponsoring is off, or where nobody can tell whose rent it is.
    """
    if not settings.SPONSOR_BURN_FEES or account is None:
        return ""
    return await rent_payer(chain, account=account, mint=mint) or ""


def can_sponsor(*, user_id: UUID, lamports: int, now: datetime) -> bool:
    """Whether today's budgets have room. Nothing is reserved: co-signing decides."""
    if not settings.SPONSOR_BURN_FEES:
        return False
    day, spending = _day(now), SponsorSpending.objects
    return all(
        spending.has_room(day=day, scope=scope, lamports=lamports, budget=budget)
        for scope, budget in _budgets(user_id)
    )


def charge_sponsor(*, burn: BurnTransaction, user_id: UUID, now: datetime) -> None:
    """Count the fee of a burn that we are about to co-sign, once, in the caller's transaction.

    The caller holds the lock of its request. Raises Conflict when a budget is spent.
    """
    if burn.sponsored_at is not None:
        return
    for scope, budget in _budgets(user_id):
        taken = SponsorSpending.objects.take(
            day=_day(now), scope=scope, lamports=burn.fee_lamports, budget=budget
        )
        if not taken:
            raise Conflict(
                "SPONSOR_BUDGET_SPENT",
                "We cannot pay this fee today. Fetch the burn transaction again to pay it yourself.",
                details={"budgetOf": "everybody" if scope == EVERYBODY else "member"},
            )
    burn.sponsored_at = now
    burn.save(update_fields=["sponsored_at"])


def is_sponsored(burn: BurnTransaction) -> bool:
    return burn.fee_payer == str(payer().pubkey())


def _budgets(user_id: UUID) -> tuple[tuple[str, int], ...]:
    """Always in this order, so that two callers never wait for each other."""
    return (
        (str(user_id), settings.SPONSOR_USER_DAILY_LAMPORTS),
        (EVERYBODY, settings.SPONSOR_DAILY_LAMPORTS),
    )


def _day(now: datetime) -> date:
    return now.astimezone(UTC).date()
