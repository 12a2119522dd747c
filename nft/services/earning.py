"""Following what members earn: badges by their rules, then the levels that are open."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from core.jobs import enqueue
from nft import jobs
from nft.services.awarding import award_by_rules, sweep_rules
from nft.services.telling import judge_members, sweep_qualifications


def follow_members(*, user_ids: Collection[UUID], now: datetime) -> None:
    """Something about these members changed; what it was is read from the rows."""
    award_by_rules(user_ids=user_ids, now=now)
    judge_members(user_ids=user_ids, now=now)


def sweep_earning(*, now: datetime) -> None:
    """What no member's own event tells of: time that passed, rules and tiers that changed."""
    sweep_rules(now=now)
    sweep_qualifications(now=now)


def sweep_soon() -> None:
    enqueue(jobs.SWEEP_EARNING)
