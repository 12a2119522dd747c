"""What happened to a member, as sentences in the visitor's language."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from badges.models import BadgeDefinition
from events.envelope import browser_envelope
from events.models import Event
from web.troubles import trouble

KINDS: Mapping[str, tuple[str, ...]] = {
    "upgrades": (
        "upgrade_initiated", "nft_burned", "burn_confirmed", "burn_rejected", "nft_upgraded",
        "upgrade_completed", "upgrade_cancelled", "upgrade_expired", "upgrade_needs_review",
        "mint_failed_retryable",
    ),
    "nfts": ("nft_unlocked", "nft_unlock_failed", "nft_transferred", "nft_upgraded", "nft_burned"),
    "badges": ("badge_earned", "badge_activated", "badge_consumed", "badge_revoked"),
    "trading": ("volume_milestone_reached", "tier_qualification_changed"),
}  # fmt: skip
# Of the inbox, which has a page of its own.
SILENT = ("notification_created", "notifications_read")
GOOD = ("upgrade_completed", "nft_unlocked", "badge_earned", "volume_milestone_reached")
BAD = ("burn_rejected", "nft_unlock_failed", "badge_revoked", "upgrade_needs_review")


@dataclass(frozen=True)
class News:
    """`tone` is good, bad or empty; `upgrade_id` and `mint` lead to a page of ours."""

    sequence: int
    type: str
    text: str
    at: datetime
    tone: str
    upgrade_id: str | None
    mint: str | None
    signature: str | None


def tell(events: Iterable[Event]) -> list[News]:
    names = dict(BadgeDefinition.objects.values_list("slug", "name"))
    return [_news(event, names) for event in events]


def _news(event: Event, names: Mapping[str, str]) -> News:
    data = browser_envelope(event)["data"]
    facts = {**data, "badge": names.get(data.get("badgeId", ""), data.get("badgeId"))}
    sentence = SENTENCES.get(event.type)
    tone = "good" if event.type in GOOD else "bad" if event.type in BAD else ""
    return News(
        sequence=event.sequence or 0,
        type=event.type,
        text=sentence(facts) if sentence else event.message,
        at=event.created_at,
        tone=tone,
        upgrade_id=data.get("upgradeRequestId"),
        mint=data.get("mintAddress") or data.get("newNft", {}).get("mintAddress"),
        signature=data.get("transactionSignature"),
    )


def _qualifies(facts: Mapping[str, Any]) -> str:
    levels = facts["currentQualifications"]
    if not levels:
        return _("You do not qualify for another level at the moment.")
    return _("You qualify for level %(level)s.") % {"level": ", ".join(map(str, levels))}


def _error(facts: Mapping[str, Any]) -> dict[str, str]:
    error = facts["error"]
    return {"reason": trouble(error["error_code"], error["message"])}


SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "badge_earned": lambda f: _("You earned the badge “%(badgeName)s”.") % f,
    "badge_activated": lambda f: _("You activated the badge “%(badge)s”.") % f,
    "badge_consumed": lambda f: _("The badge “%(badge)s” was consumed by your new NFT.") % f,
    "badge_revoked": lambda f: _("The badge “%(badge)s” was taken back: %(reason)s") % f,
    "volume_milestone_reached": lambda f: (
        _("Your trading volume passed %(milestone)s USD.")
        % {"milestone": number_format(f["milestone"], force_grouping=True)}
    ),
    "tier_qualification_changed": _qualifies,
    "upgrade_initiated": lambda f: _("You started the upgrade to level %(targetLevel)s.") % f,
    "nft_burned": lambda _f: _("Your old NFT was burned."),
    "burn_confirmed": lambda _f: _("The burn is proven. Your new NFT is being minted."),
    "burn_rejected": lambda f: _("The burn could not be accepted: %(reason)s") % _error(f),
    "mint_failed_retryable": lambda _f: _("Minting is delayed; it is tried again by itself."),
    "nft_upgraded": lambda f: _("You now hold the NFT “%(tierName)s”.") % f["newNft"],
    "upgrade_completed": lambda f: _("The upgrade to level %(level)s is complete.") % f,
    "upgrade_cancelled": lambda _f: _("The upgrade was cancelled; NFT and badges are yours again."),
    "upgrade_expired": lambda _f: _("The upgrade ran out of time; NFT and badges are yours again."),
    "upgrade_needs_review": lambda _f: _("A person looks at your burn. You will hear from us."),
    "nft_unlocked": lambda f: _("You unlocked the NFT “%(tierName)s”.") % f,
    "nft_unlock_failed": lambda f: _("The NFT could not be unlocked: %(reason)s") % _error(f),
    "nft_transferred": lambda _f: _("An NFT left your wallet."),
}
