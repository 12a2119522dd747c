"""A member's figures: how many of what, in which state."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, TextChoices

from accounts.models import User
from badges.models import BadgeStatus, EarnedBadge
from nft.models import NftStatus, UpgradeRequest, UpgradeStatus, UserNft
from trading.models import UserVolume


@dataclass(frozen=True)
class Stats:
    """`volume` in US dollars; the others count rows by status, every status included.

    `level` is the highest level held; None without an NFT.
    """

    volume: Decimal
    trades: int
    level: int | None
    nfts: dict[str, int]
    badges: dict[str, int]
    upgrades: dict[str, int]


def stats_of(user: User) -> Stats:
    traded = UserVolume.objects.filter(user_id=user.id).first() or UserVolume(user_id=user.id)
    nfts = UserNft.objects.of_user(user.id)
    return Stats(
        volume=traded.total,
        trades=traded.trades,
        level=nfts.highest_level(),
        nfts=_count(nfts, NftStatus),
        badges=_count(EarnedBadge.objects.of_user(user.id), BadgeStatus),
        upgrades=_count(UpgradeRequest.objects.of_user(user.id), UpgradeStatus),
    )


def _count(rows: QuerySet[Any], statuses: type[TextChoices]) -> dict[str, int]:
    found = dict(rows.order_by().values_list("status").annotate(Count("id")))
    return {status: found.get(status, 0) for status in statuses.values}
