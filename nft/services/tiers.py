"""Offering a tier: every change of what it promises is kept as a version."""

from django.db import transaction

from badges.services import name_tier_of_badges
from events.services import publish
from nft.events import TierChanged
from nft.models import Tier, TierVersion
from nft.terms import TierTerms


@transaction.atomic
def offer_tier(*, tier: Tier, author: str) -> TierVersion:
    """Call it after every edit of a tier's row: keeps the version and tells everybody.

    Its badges that name no tier yet name this one from now on.

    `author` has at most 200 characters.
    """
    version = keep_version(tier=tier, author=author)
    name_tier_of_badges(slugs=version.terms["badges"], level=tier.level)
    publish(TierChanged(tier_id=tier.level, tier_version=version.version))
    return version


@transaction.atomic
def keep_version(*, tier: Tier, author: str) -> TierVersion:
    """What the row promises now, as a version; an edit that changes no promise makes none."""
    row = Tier.objects.select_for_update().get(id=tier.id)
    latest = row.versions.order_by("-version").first()
    if latest is not None and latest.terms == TierTerms.of(row).dump():
        return latest
    row.version = latest.version + 1 if latest else row.version
    row.save(update_fields=["version"])
    terms = TierTerms.of(row).dump()
    return row.versions.create(version=row.version, terms=terms, author=author)
