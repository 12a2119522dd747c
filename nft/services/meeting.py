"""Who meets an award rule, as one query, and never by the order in which things arrived."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, QuerySet, Sum, Window
from django.db.models.functions import Coalesce, Lag

from accounts.models import User
from badges.models import BadgeStatus, EarnedBadge
from nft.models import AwardRule, NftStatus, UserNft
from trading.models import Trade, UserVolume

Ids = QuerySet[Any, Any]


def people_who_meet(
    rule: AwardRule, *, now: datetime, among: Collection[UUID] | None = None
) -> QuerySet[User]:
    """Those who meet the rule and never had its badge; `among` narrows whom to look at."""
    people = User.objects.exclude(badges__definition_id=rule.badge_id)
    trades = _trades(rule)
    if among is not None:
        people, trades = people.filter(id__in=among), trades.filter(user_id__in=among)
    for ids in _criteria(rule, trades, now):
        people = people.filter(id__in=ids)
    return people.order_by("id")


def _trades(rule: AwardRule) -> QuerySet[Trade]:
    trades = Trade.objects.in_force()
    if rule.opens_at is not None:
        trades = trades.filter(executed_at__gte=rule.opens_at)
    if rule.closes_at is not None:
        trades = trades.filter(executed_at__lt=rule.closes_at)
    return trades


def _criteria(rule: AwardRule, trades: QuerySet[Trade], now: datetime) -> Iterator[Ids]:
    badges = list(rule.badges.all())
    asks_for_more = bool(badges) or rule.tier_level is not None
    if not rule.counts_trades and not asks_for_more:
        # Without a window it asks for nothing at all, which is met by nobody, not by everybody.
        yield trades.values("user_id") if rule.has_window else trades.none().values("user_id")
    if not rule.counts_trades and not rule.is_open(now):
        yield User.objects.none().values("id")
    if rule.volume_at_least is not None:
        yield _traded(rule, trades)
    if rule.trades_at_least is not None:
        yield _often(rule.trades_at_least, rule.trades_within_days, trades)
    for badge in badges:
        held = EarnedBadge.objects.filter(definition=badge)
        yield held.exclude(status=BadgeStatus.REVOKED).values("user_id")
    if rule.tier_level is not None:
        yield _holders(rule.tier_level, timedelta(days=rule.tier_days or 0), now)


def _traded(rule: AwardRule, trades: QuerySet[Trade]) -> Ids:
    if not rule.has_window:
        return UserVolume.objects.filter(total__gte=rule.volume_at_least).values("user_id")
    sums = trades.order_by().values("user_id").annotate(sum=Sum("volume_usd"))
    return sums.filter(sum__gte=rule.volume_at_least).values("user_id")


def _often(count: int, days: int | None, trades: QuerySet[Trade]) -> Ids:
    if days is None:
        counts = trades.order_by().values("user_id").annotate(count=Count("id"))
        return counts.filter(count__gte=count).values("user_id")
    if count == 1:
        return trades.values("user_id")
    first = Window(
        Lag("executed_at", offset=count - 1), partition_by="user_id", order_by="executed_at"
    )
    runs = trades.annotate(first=first).filter(
        first__isnull=False, executed_at__lte=F("first") + timedelta(days=days)
    )
    return runs.values("user_id")


def _holders(level: int, duration: timedelta, now: datetime) -> Ids:
    """Of one NFT for so long: until now, or until it was burned, even for an upgrade."""
    held = UserNft.objects.filter(tier_level__gte=level, minted_at__isnull=False)
    held = held.exclude(status=NftStatus.TRANSFERRED).annotate(
        since=Coalesce("held_since", "minted_at"), until=Coalesce("burned_at", now)
    )
    return held.filter(since__lte=F("until") - duration).values("user_id")
