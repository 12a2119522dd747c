"""Refusing badges that nobody could ever earn, because in the end they need themselves."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from graphlib import CycleError, TopologicalSorter

from django.db import connection

from core.errors import InvalidInput
from nft.models import AwardRule, Tier

TURN = 0x72756C6573  # the advisory lock: “rules”

Needs = tuple[str, Collection[str], int | None]  # a badge, the badges and the tier of its rule


def check_no_circle(
    *,
    rule_id: int | None = None,
    rule: Needs | None = None,
    tier_level: int | None = None,
    tier_badges: Collection[str] = (),
) -> None:
    """Raises InvalidInput if a circle exists with `rule` instead of what the row `rule_id` says.

    The same for the badges, all of them needed, of one tier. Call it in the transaction that
    saves: until it ends, everybody else who checks waits.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])
    rules = [rule] if rule else []
    rules += [
        (row.badge.slug, [badge.slug for badge in row.badges.all()], row.tier_level)
        for row in AwardRule.objects.select_related("badge").prefetch_related("badges")
        if row.id != rule_id
    ]
    tiers = {
        tier.level: tier.badge_slugs()
        for tier in Tier.objects.on_offer()
        if needs_all(tier.badges_needed, tier.badge_slugs())
    }
    if tier_level is not None:
        tiers[tier_level] = list(tier_badges)
    _refuse_circle(rules, tiers)


def needs_all(needed: int | None, badges: Collection[str]) -> bool:
    """Whether a tier that asks for `needed` of these badges asks for each of them."""
    return needed is None or needed >= len(badges)


def _refuse_circle(rules: Iterable[Needs], tiers: dict[int, list[str]]) -> None:
    needs: dict[str, set[str]] = defaultdict(set)
    for badge, badges, level in rules:
        needs[badge] |= set(badges)
        if level is not None:  # the way to a tier leads through all below it
            needs[badge] |= {slug for lower in tiers if lower <= level for slug in tiers[lower]}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        way = " → ".join(reversed(error.args[1]))
        raise InvalidInput("CIRCULAR_RULES", f"Nobody could earn these: {way}.") from None
