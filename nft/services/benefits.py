"""The benefits service: what a wallet has, and counting what it uses of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from solders.pubkey import Pubkey

from core.errors import Conflict, LimitExceeded, NotFound
from nft.models import BenefitUse
from nft.services.membership import Membership, membership_of, read_membership


@dataclass(frozen=True)
class Quota:
    """One counted benefit in the running week; `resets_at` is the next Monday, 00:00 UTC."""

    name: str
    limit: int
    used: int
    resets_at: datetime

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


@dataclass(frozen=True)
class Benefits:
    membership: Membership
    quotas: list[Quota]


def benefits_of(*, wallet: str, now: datetime) -> Benefits:
    """A wallet without an NFT of ours, known or not, has none. Raises NotFound for no wallet."""
    _check_wallet(wallet)
    membership = membership_of(wallet)
    return Benefits(membership, _quotas(membership, now))


def use_benefit(
    *, wallet: str, name: str, amount: int, now: datetime, keep: Callable[[Quota], None]
) -> Quota:
    """Count uses of a weekly benefit, all of `amount` or none; `keep` runs in the transaction.

    Raises NotFound for a benefit that the wallet does not have or that is not counted,
    Conflict without an NFT, LimitExceeded when the week's rest is smaller.
    """
    _check_wallet(wallet)
    with transaction.atomic():
        membership = read_membership(wallet)  # never from the cache: this is what counts
        limit = _limit_of(membership, name)
        for subject in membership.subjects:
            taken = BenefitUse.objects.take(
                subject=subject, name=name, week=monday_of(now), amount=amount, limit=limit
            )
            if not taken:
                raise _used_up(name, limit, now)
        quota = next(quota for quota in _quotas(membership, now) if quota.name == name)
        keep(quota)
    return quota


def monday_of(now: datetime) -> date:
    today = now.astimezone(UTC).date()
    return today - timedelta(days=today.weekday())


def _limit_of(membership: Membership, name: str) -> int:
    if membership.nft_id is None:
        raise Conflict("NO_MEMBERSHIP", "This wallet holds no membership NFT.")
    if name not in membership.quotas:
        raise NotFound("BENEFIT_NOT_FOUND", "The NFT has no benefit of this name that is counted.")
    return membership.quotas[name]


def _quotas(membership: Membership, now: datetime) -> list[Quota]:
    limits = membership.quotas
    if not membership.subjects or not limits:
        return []
    week = monday_of(now)
    used = BenefitUse.objects.used(subjects=membership.subjects, week=week)
    return [
        Quota(name, limit, used.get(name, 0), _reset_of(week))
        for name, limit in sorted(limits.items())
    ]


def _used_up(name: str, limit: int, now: datetime) -> LimitExceeded:
    wait = _reset_of(monday_of(now)) - now
    return LimitExceeded(
        "QUOTA_EXHAUSTED",
        f"Of {limit} uses of {name} a week not enough are left.",
        retry_after=int(wait.total_seconds()) + 1,
    )


def _reset_of(week: date) -> datetime:
    return datetime.combine(week + timedelta(weeks=1), datetime.min.time(), tzinfo=UTC)


def _check_wallet(wallet: str) -> None:
    try:
        Pubkey.from_string(wallet)
    except ValueError:
        raise NotFound("WALLET_NOT_FOUND", "This is not a Solana wallet address.") from None
