"""The life of a badge: award → activate → reserve → consume, or release, or revoke.

`request_id` is the upgrade or unlock for which badges are held.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from badges.events import BadgeActivated, BadgeConsumed, BadgeEarned, BadgeRevoked
from badges.models import BadgeDefinition, BadgeStatus, EarnedBadge
from core.errors import Conflict, InvalidInput, NotFound
from events.services import publish


@transaction.atomic
def award_badge(*, user: User, slug: str, now: datetime, source: str) -> EarnedBadge:
    """Give the badge once; again returns the one that is held, whatever became of it.

    `source` (who awards) goes into the history. `is_new` on the result tells which it was.
    Raises NotFound for an unknown slug, Conflict for a badge that is no longer given.
    """
    definition = BadgeDefinition.objects.filter(slug=slug).first()
    if definition is None:
        raise NotFound("BADGE_NOT_FOUND", "There is no such badge.")
    held = EarnedBadge.objects.of_user(user.id).filter(definition=definition).first()
    if held is not None:
        return held
    if not definition.is_active:
        raise Conflict("BADGE_NOT_GIVEN", "This badge is no longer given.")
    badge, is_new = EarnedBadge.objects.get_or_create(
        user=user, definition=definition, defaults={"earned_at": now}
    )
    badge.is_new = is_new
    if is_new:
        _record_award(badge, now=now, source=source)
    return badge


def _record_award(badge: EarnedBadge, *, now: datetime, source: str) -> None:
    badge.history.create(to_status=badge.status, at=now, reason=f"awarded by {source}"[:200])
    definition = badge.definition
    publish(
        BadgeEarned(
            user_id=badge.user_id,
            badge_id=definition.slug,
            badge_name=definition.name,
            description=definition.description,
            image_url=definition.image_url,
            earned_at=now,
            required_for_tier=definition.required_for_tier,
        )
    )


@transaction.atomic
def activate_badge(*, user: User, badge_id: UUID, now: datetime) -> EarnedBadge:
    """An activated badge counts for a tier; activating it again changes nothing.

    Raises NotFound for someone else's badge, Conflict for one past activation.
    """
    badge = EarnedBadge.objects.of_user(user.id).locked().filter(id=badge_id).first()
    if badge is None:
        raise _no_such_badge()
    if badge.status == BadgeStatus.ACTIVATED:
        return badge
    badge.activate(now=now)
    publish(BadgeActivated(user_id=user.id, badge_id=badge.definition.slug))
    return badge


@transaction.atomic
def reserve_badges(
    *, user_id: UUID, slugs: Collection[str], request_id: UUID, now: datetime
) -> list[EarnedBadge]:
    """Hold all of these badges for one request, or none; again for the same request is fine.

    Raises Conflict BADGES_MISSING with `{missing, notActivated, reserved}`, lists of slugs:
    not held (or used up, or revoked); earned only; held for another request.
    """
    held = EarnedBadge.objects.of_user(user_id).with_slugs(slugs).locked()
    badges = {badge.definition.slug: badge for badge in held}
    _check_all_usable(badges, slugs=slugs, request_id=request_id)
    for badge in badges.values():
        if badge.status == BadgeStatus.ACTIVATED:
            badge.reserve(request_id=request_id, now=now)
    return list(badges.values())


def _check_all_usable(
    badges: dict[str, EarnedBadge], *, slugs: Collection[str], request_id: UUID
) -> None:
    unusable: dict[str, list[str]] = {"missing": [], "notActivated": [], "reserved": []}
    for slug in sorted(set(slugs)):
        badge = badges.get(slug)
        if badge is None or badge.status in {BadgeStatus.CONSUMED, BadgeStatus.REVOKED}:
            unusable["missing"].append(slug)
        elif badge.status == BadgeStatus.EARNED:
            unusable["notActivated"].append(slug)
        elif badge.reserved_for not in {None, request_id}:
            unusable["reserved"].append(slug)
    if any(unusable.values()):
        raise Conflict(
            "BADGES_MISSING", "Some of the badges that this needs are missing.", details=unusable
        )


@transaction.atomic
def release_badges(*, request_id: UUID, now: datetime) -> list[EarnedBadge]:
    """Give back what a request still holds; what it consumed stays consumed."""
    held = EarnedBadge.objects.held_for(request_id).filter(status=BadgeStatus.RESERVED)
    badges = list(held.locked())
    for badge in badges:
        badge.release(now=now)
    return badges


@transaction.atomic
def consume_badges(
    *, request_id: UUID, now: datetime, for_upgrade: bool = True
) -> list[EarnedBadge]:
    """Use up what a request holds, in the transaction that records its mint; twice is once.

    Returns every badge that the request took. `for_upgrade=False` for an unlock, whose
    events name no upgrade.
    """
    badges = list(EarnedBadge.objects.held_for(request_id).locked())
    for badge in badges:
        if badge.status == BadgeStatus.CONSUMED:
            continue
        badge.consume(now=now)
        publish(
            BadgeConsumed(
                user_id=badge.user_id,
                badge_id=badge.definition.slug,
                upgrade_request_id=request_id if for_upgrade else None,
            )
        )
    return badges


@transaction.atomic
def revoke_badge(*, badge_id: UUID, reason: str, now: datetime, source: str = "") -> EarnedBadge:
    """Take a badge back; revoking it again changes nothing.

    The member reads the `reason`; `source` (who revokes) goes into the history only. Raises
    NotFound, InvalidInput without a reason, and Conflict for a badge that a request holds or
    has used up.
    """
    if not 0 < len(reason) <= 200:
        raise InvalidInput("INVALID_REASON", "A reason has 1 to 200 characters.")
    badge = EarnedBadge.objects.select_related("definition").locked().filter(id=badge_id).first()
    if badge is None:
        raise _no_such_badge()
    if badge.status != BadgeStatus.REVOKED:
        badge.revoke(reason=reason, now=now, source=source)
        slug = badge.definition.slug
        publish(BadgeRevoked(user_id=badge.user_id, badge_id=slug, reason=reason))
    return badge


@transaction.atomic
def revoke_badge_of_wallet(
    *, wallet_address: str, slug: str, reason: str, now: datetime, source: str
) -> EarnedBadge:
    """The same by its names. Raises NotFound for a badge that this wallet does not have."""
    badges = EarnedBadge.objects.with_slugs([slug]).filter(user__wallet_address=wallet_address)
    badge = badges.first()
    if badge is None:
        raise _no_such_badge()
    return revoke_badge(badge_id=badge.id, reason=reason, now=now, source=source)


def name_tier_of_badges(*, slugs: Collection[str], level: int) -> None:
    """Those of these badges that say of no tier that it needs them, now say it of this one."""
    nameless = BadgeDefinition.objects.filter(slug__in=slugs, required_for_tier=None)
    nameless.update(required_for_tier=level)


def _no_such_badge() -> NotFound:
    return NotFound("BADGE_NOT_FOUND", "There is no such badge.")
