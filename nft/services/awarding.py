"""Awarding badges by their rules: at once by what happens, later by the clock."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from accounts.models import User
from badges.services import award_badge
from nft.models import AwardRule
from nft.services.meeting import people_who_meet

CHUNK = 200
EVERY_RULE = timedelta(days=1)  # heals whatever no event and no clock pointed out


@transaction.atomic
def award_by_rules(*, user_ids: Collection[UUID], now: datetime) -> int:
    """Give these members the badges whose rules they meet; how many were new."""
    if not user_ids:
        return 0
    due = [
        (user, rule)
        for rule in AwardRule.objects.in_force()
        for user in people_who_meet(rule, now=now, among=user_ids)
    ]
    return _award(due, now)


def sweep_rules(*, now: datetime) -> int:
    """Evaluate for everybody the rules that time moves, and those that are new or changed."""
    never = Q(swept_at__isnull=True) | Q(swept_at__lt=now - EVERY_RULE)
    moved = Q(tier_days__isnull=False) | Q(opens_at__isnull=False) | Q(swept_at__lt=F("changed_at"))
    found = 0
    for rule in AwardRule.objects.in_force().filter(never | moved):
        found += _sweep(rule, now)
    return found


def _sweep(rule: AwardRule, now: datetime) -> int:
    found = 0
    while people := list(people_who_meet(rule, now=now)[:CHUNK]):
        with transaction.atomic():
            found += _award([(user, rule) for user in people], now)
    AwardRule.objects.filter(id=rule.id).update(swept_at=now)
    return found


def _award(due: Collection[tuple[User, AwardRule]], now: datetime) -> int:
    """In the order in which a CSV of awards goes, so that nobody waits in a circle."""
    found = 0
    for user, rule in sorted(
        due, key=lambda pair: (pair[0].wallet_address or "", pair[1].badge.slug)
    ):
        badge = award_badge(user=user, slug=rule.badge.slug, now=now, source=f"rule {rule.pk}")
        found += badge.is_new
    return found
