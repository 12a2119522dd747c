"""A member's statistics out of the log, beside the counts that `nft` keeps."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Avg, Count, Min, Q

from analytics.models import Holding, Journey, MemberTotal, Nft
from nft.services.stats import Stats


@dataclass(frozen=True)
class MemberStats:
    """`success_rate` is the share of ended upgrades that completed, None before the first end.

    Times to upgrade are in ms, from the start to the new NFT.
    """

    counts: Stats
    nfts_by_tier: dict[str, int]
    badges_earned: int
    badges_consumed: int
    upgrades_started: int
    upgrades_completed: int
    success_rate: float | None
    average_upgrade_ms: int | None
    fastest_upgrade_ms: int | None


def member_stats(*, user_id: UUID, counts: Stats) -> MemberStats:
    totals = MemberTotal.objects.filter(user_id=user_id).first()
    done, ended = Q(completed_at__isnull=False), Q(closed_at__isnull=False)
    upgrades = (
        Journey.objects.all()
        .upgrades_of(user_id)
        .aggregate(
            started=Count("id"),
            completed=Count("id", filter=done),
            ended=Count("id", filter=done | ended),
            average=Avg("duration_ms"),
            fastest=Min("duration_ms"),
        )
    )
    average = upgrades["average"]
    return MemberStats(
        counts=counts,
        nfts_by_tier=nfts_by_tier(user_id),
        badges_earned=totals.badges_earned - totals.badges_revoked if totals else 0,
        badges_consumed=totals.badges_consumed if totals else 0,
        upgrades_started=upgrades["started"],
        upgrades_completed=upgrades["completed"],
        success_rate=upgrades["completed"] / upgrades["ended"] if upgrades["ended"] else None,
        average_upgrade_ms=None if average is None else round(average),
        fastest_upgrade_ms=upgrades["fastest"],
    )


def nfts_by_tier(user_id: UUID) -> dict[str, int]:
    """How many NFTs of which level the member holds."""
    held = Holding.objects.all().held().filter(user_id=user_id).values("nft_id")
    levels = Nft.objects.filter(id__in=held, level__isnull=False).values_list("level")
    return {str(level): count for level, count in levels.annotate(Count("id")).order_by("level")}
