"""Telling members which levels are open to them: once for each change, with what moved it."""

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from badges.models import BadgeStatus
from events.services import publish_all
from nft.events import TierQualificationChanged
from nft.models import QualificationRecord, Tier
from nft.services.judging import Standing, judge_tiers
from nft.services.standings import standings_of
from nft.terms import TierTerms

CHUNK = 500
PAST_EARNED = {BadgeStatus.ACTIVATED, BadgeStatus.RESERVED, BadgeStatus.CONSUMED}


@dataclass(frozen=True)
class Ladder:
    """The tiers on offer; the fingerprint also tells which of them are open now."""

    tiers: list[TierTerms]
    fingerprint: str

    @classmethod
    def at(cls, now: datetime) -> "Ladder":
        tiers = [TierTerms.of(tier) for tier in Tier.objects.on_offer()]
        facts = [[tier.dump(), tier.has_opened(now), tier.has_closed(now)] for tier in tiers]
        text = json.dumps(facts, sort_keys=True)
        return cls(tiers, hashlib.sha256(text.encode()).hexdigest())


@transaction.atomic
def judge_members(*, user_ids: Collection[UUID], now: datetime) -> int:
    """Judge these members anew and tell those whose open levels changed; how many.

    Under each record's lock the rows are read after whoever judged before has committed, so
    any number of callers tell a change once, in the order in which things became so.
    """
    records = _locked(user_ids)
    ladder, standings = Ladder.at(now), standings_of(records)
    told = list(_changes(records, standings, ladder, now))
    for record in records.values():
        record.ladder = ladder.fingerprint
    fields = ["levels", "volume", "badges", "place", "ladder"]
    QualificationRecord.objects.bulk_update(records.values(), fields)
    publish_all(told)
    return len(told)


def _locked(user_ids: Collection[UUID]) -> dict[UUID, QualificationRecord]:
    """Locked in user id order; who had none has one now."""
    known = User.objects.filter(id__in=user_ids).order_by("id").values_list("id", flat=True)
    newcomers = [QualificationRecord(user_id=user_id) for user_id in known]
    QualificationRecord.objects.bulk_create(newcomers, ignore_conflicts=True)
    rows = QualificationRecord.objects.filter(user_id__in=user_ids).order_by("user_id")
    return {row.user_id: row for row in rows.select_for_update()}


def _changes(
    records: dict[UUID, QualificationRecord],
    standings: dict[UUID, Standing],
    ladder: Ladder,
    now: datetime,
) -> Iterator[TierQualificationChanged]:
    """The facts to publish; their records then say what was told."""
    for user_id, record in records.items():
        standing = standings[user_id]
        verdicts = judge_tiers(tiers=ladder.tiers, standing=standing, now=now)
        levels = [verdict.level for verdict in verdicts if verdict.qualified]
        if levels == record.levels:
            continue
        yield _fact(record, standing, levels, ladder)
        record.levels, record.volume, record.badges, record.place = (
            levels, standing.volume, dict(standing.badges), _place(standing),
        )  # fmt: skip


def _fact(
    record: QualificationRecord, standing: Standing, levels: list[int], ladder: Ladder
) -> TierQualificationChanged:
    badges = badge_changes(record.badges, dict(standing.badges))
    causes = {
        "volume": standing.volume != record.volume,
        "badges": record.badges != standing.badges,
        "nfts": _place(standing) != (record.place or _place(Standing(record.volume))),
        "tiers": record.ladder not in ("", ladder.fingerprint),
    }
    return TierQualificationChanged(
        user_id=record.user_id,
        previous_qualifications=record.levels,
        current_qualifications=levels,
        volume_change=standing.volume - record.volume,
        badge_changes=badges,
        moved=[cause for cause, is_so in causes.items() if is_so],
    )


def badge_changes(before: dict[str, str], after: dict[str, str]) -> dict[str, list[str]]:
    """What happened to badges since they were told of, by their slugs."""

    def reached(statuses: Collection[str]) -> list[str]:
        return sorted(
            slug
            for slug, status in after.items()
            if status in statuses and before.get(slug) not in statuses
        )

    return {
        "earned": reached({BadgeStatus.EARNED, *PAST_EARNED}),
        "activated": reached(PAST_EARNED),
        "consumed": reached({BadgeStatus.CONSUMED}),
        "revoked": reached({BadgeStatus.REVOKED}),
    }


def _place(standing: Standing) -> str:
    return f"{standing.owned_level}/{standing.has_unlocked}/{standing.open_level}"


def sweep_qualifications(*, now: datetime, chunks: int = 40) -> int:
    """Judge again those whom another ladder was judged by, or who never were; how many.

    What is left after so many chunks of members waits for the next sweep.
    """
    judged = 0
    for _ in range(chunks):
        fingerprint = Ladder.at(now).fingerprint
        stale = QualificationRecord.objects.exclude(ladder=fingerprint)
        unknown = User.objects.filter(qualification=None, volume__isnull=False)
        ids = list(stale.values_list("user_id", flat=True)[:CHUNK])
        ids += unknown.values_list("id", flat=True)[: CHUNK - len(ids)]
        if not ids:
            break
        judge_members(user_ids=ids, now=now)
        judged += len(ids)
    return judged
