"""What blocks a tier or an upgrade, in the visitor's language."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

Facts = Mapping[str, Any]  # code, message and figures, as the API shows them


def reason_text(reason: Facts, names: Mapping[str, str]) -> str:
    """`names` are those of badges by slug; the reason's own message where this page knows none."""
    sentence = REASONS.get(reason["code"])
    if sentence is None:
        return str(reason["message"])
    badges = [reason["slug"]] if "slug" in reason else reason.get("slugs", [])
    return sentence({**reason, "badges": ", ".join(names.get(slug, slug) for slug in badges)})


def _volume(reason: Facts) -> str:
    left = Decimal(reason["required"]) - Decimal(reason["current"])
    return _("Your trading volume is too low: %(left)s USD are missing.") % {
        "left": number_format(left, decimal_pos=2 if left % 1 else 0, force_grouping=True)
    }


def _too_few(reason: Facts) -> str:
    return (
        _("Of these badges %(needed)s are needed, and you have %(have)s activated: %(badges)s.")
        % reason
    )


REASONS: dict[str, Callable[[Facts], str]] = {
    "WRONG_LEVEL": lambda _f: _("The NFT of the level below is needed first."),
    "ALREADY_UNLOCKED": lambda _f: _("A first NFT is unlocked once, and you had yours."),
    "NOT_YET_AVAILABLE": lambda _f: _("This tier is not open yet."),
    "NO_LONGER_AVAILABLE": lambda _f: _("This tier is closed."),
    "NO_SUCH_TIER": lambda _f: _("There is no tier above yours."),
    "UPGRADE_OPEN": lambda _f: _("An upgrade is already running."),
    "UPGRADE_IN_PROGRESS": lambda _f: _("An upgrade is already running."),
    "VOLUME_TOO_LOW": _volume,
    "BADGE_MISSING": lambda f: _("The badge “%(badges)s” is missing.") % f,
    "BADGE_NOT_ACTIVATED": lambda f: _("The badge “%(badges)s” is not activated.") % f,
    "BADGE_RESERVED": lambda f: _("The badge “%(badges)s” is held for another upgrade.") % f,
    "BADGE_CONSUMED": lambda f: _("The badge “%(badges)s” was consumed before.") % f,
    "BADGES_TOO_FEW": _too_few,
    "SOLD_OUT": lambda _f: _("All NFTs of this tier are taken."),
    "NFT_NOT_ACTIVE": lambda _f: _("This NFT is not free at the moment."),
    "NFT_NOT_IN_WALLET": lambda _f: _("The NFT is not in your wallet on chain."),
    "SIMULATION_FAILED": lambda _f: _(
        "The burn would fail on chain. Most often the wallet lacks the SOL for its fee."
    ),
}
