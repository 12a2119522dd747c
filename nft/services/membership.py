"""What a wallet's NFT gives now: from the rows, or from a cache that may vanish at any time.

A cached answer carries a mark. An event about the wallet sets a new mark, and an answer with
another mark does not count: also not one that was read before the event and stored after it.
Should a mark itself be lost, an answer still lives `BENEFITS_CACHE_SECONDS` at most.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q

from core.ids import uuid7
from core.redis import redis_client, try_redis
from nft.models import NftStatus, UpgradeStatus, UserNft

NOTHING: dict[str, Any] = {
    "tradingFeeReduction": "0%",
    "aiAgentWeeklyUses": 0,
    "prioritySupport": False,
}
COUNTED_SUFFIX = "WeeklyUses"
# Marks outlive every answer that could have been stored under the one before.
MARK_LIVES = 10


@dataclass(frozen=True)
class Membership:
    """Of the highest NFT that the wallet holds; ids as text, None without an NFT."""

    wallet: str
    user_id: str | None
    nft_id: str | None
    level: int | None
    tier_name: str | None
    benefits: dict[str, Any]

    @property
    def quotas(self) -> dict[str, int]:
        """Benefits that are counted by the week: whole numbers named `…WeeklyUses`."""
        return {
            name: limit
            for name, limit in self.benefits.items()
            if name.endswith(COUNTED_SUFFIX) and type(limit) is int
        }

    @property
    def subjects(self) -> list[UUID]:
        """Whose uses count against a quota, always in this order."""
        return [UUID(each) for each in (self.user_id, self.nft_id) if each is not None]


def read_membership(wallet: str) -> Membership:
    """From the database. An NFT that was burned for an upgrade counts until the next is minted."""
    held = Q(status__in=(NftStatus.ACTIVE, NftStatus.UPGRADING)) & (
        Q(holding=None) | Q(holding__wallet=F("user__wallet_address"))
    )
    between = Q(
        status=NftStatus.BURNED,
        upgrades__status__in=(UpgradeStatus.MINTING, UpgradeStatus.MINT_FAILED),
    )
    mine = UserNft.objects.filter(held | between, user__wallet_address=wallet)
    nft = mine.order_by("-tier_level", "-id").first()
    if nft is None:
        return Membership(wallet, None, None, None, None, dict(NOTHING))
    return Membership(
        wallet=wallet,
        user_id=str(nft.user_id),
        nft_id=str(nft.id),
        level=nft.tier_level,
        tier_name=nft.tier_name,
        benefits=nft.benefits,
    )


def membership_of(wallet: str) -> Membership:
    """The same from the cache, where it has an answer that counts."""
    lives = settings.BENEFITS_CACHE_SECONDS
    if not lives:
        return read_membership(wallet)
    found = try_redis(lambda redis: redis.mget(_mark(wallet), _answer(wallet)), otherwise=None)
    if found is None:
        return read_membership(wallet)
    mark, kept = found[0].decode() if isinstance(found[0], bytes) else "", found[1]
    if kept is not None:
        answer = json.loads(kept)
        if answer["mark"] == mark:
            return Membership(**answer["membership"])
    fresh = read_membership(wallet)
    answer = json.dumps({"mark": mark, "membership": asdict(fresh)})
    try_redis(lambda redis: redis.set(_answer(wallet), answer, ex=lives), otherwise=None)
    return fresh


def forget_memberships(wallets: Iterable[str]) -> None:
    """Raises RedisError while the cache cannot be told: ask again."""
    lives = MARK_LIVES * max(1, settings.BENEFITS_CACHE_SECONDS)
    with redis_client().pipeline(transaction=False) as pipeline:
        for wallet in wallets:
            pipeline.set(_mark(wallet), str(uuid7()), ex=lives)
        pipeline.execute()


def _mark(wallet: str) -> str:
    return f"benefits-mark:{wallet}"


def _answer(wallet: str) -> str:
    return f"benefits:{wallet}"
