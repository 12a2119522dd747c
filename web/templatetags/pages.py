"""Small helpers of the templates."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from nft.models import UpgradeRequest
from nft.services.faces import title_of
from nft.services.pictures import polygon
from web.reasons import reason_text
from web.troubles import trouble

register = template.Library()


@register.filter
def short(text: str) -> str:
    """An address or signature, so that a person can compare its ends."""
    return text if len(text) <= 12 else f"{text[:4]}…{text[-4:]}"


@register.filter
def usd(amount: Any) -> str:
    """Whole dollars where there are no cents, with separators."""
    return number_format(amount, decimal_pos=2 if amount % 1 else 0, force_grouping=True)


@register.filter
def named(slug: str, names: Mapping[str, str]) -> str:
    """A badge as people call it."""
    return names.get(slug, slug)


@register.filter
def reason(blocker: Mapping[str, Any], names: Mapping[str, str] | None = None) -> str:
    """Why a tier or an upgrade is not open to the member."""
    return reason_text(blocker, names or {})


@register.filter
def lamports_as_sol(lamports: int) -> str:
    return number_format((Decimal(lamports) / 10**9).normalize())


@register.filter
def status_name(status: str) -> str:
    """Of an upgrade, for a person."""
    names = {
        "awaiting_burn": _("waits for your signature"),
        "verifying_burn": _("burn is checked"),
        "minting": _("minting"),
        "mint_failed": _("minting, delayed"),
        "closing": _("closing"),
        "needs_review": _("in review"),
        "completed": _("complete"),
        "cancelled": _("cancelled"),
        "expired": _("expired"),
    }
    return names.get(status, status)


@register.filter
def seconds(value: float) -> str:
    """0.4 s, 12 s, 3 min 20 s, 30 min; as `elapsed` in static/web/upgrade.js."""
    if value < 10:
        return f"{number_format(value, 1)} s"
    minutes, rest = divmod(round(value), 60)
    return " ".join([f"{minutes} min"] * bool(minutes) + [f"{rest} s"] * bool(rest))


@register.filter
def benefit_rows(benefits: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Name and value, in the documented order, then whatever else the tier gives."""
    if not benefits:
        return []
    known = {
        "tradingFeeReduction": _("Lower trading fees"),
        "aiAgentWeeklyUses": _("AI agent uses a week"),
        "prioritySupport": _("Priority support"),
    }
    names = [*(name for name in known if name in benefits), *sorted(benefits.keys() - known.keys())]
    return [(known.get(name) or title_of(name), _shown(benefits[name])) for name in names]


@register.filter
def benefit_changes(
    after: Mapping[str, Any] | None, before: Mapping[str, Any] | None
) -> list[tuple[str, str, str]]:
    """Name, what it is now, and what it becomes; what is not there yet is a dash."""
    now = dict(benefit_rows(before))
    return [(name, now.get(name, "-"), value) for name, value in benefit_rows(after)]


@register.filter
def burn_trouble(upgrade: UpgradeRequest) -> str:
    """Why the last burn could not be accepted."""
    return trouble(upgrade.error_code, upgrade.error_message)


@register.filter
def benefit_name(name: str) -> str:
    return benefit_rows({name: ""})[0][0]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return str(value)


@register.simple_tag
def emblem_points(level: int, radius: int) -> str:
    """The crystal of a level, around the centre that the pictures of NFTs have."""
    return polygon(sides=level + 3, radius=radius, turn=-90)


@register.simple_tag
def explorer_url(kind: str, identifier: str) -> str:
    """`kind` is tx or address. Where no explorer is known, an NFT's own page, or nothing."""
    if settings.EXPLORER_URL:
        return str(settings.EXPLORER_URL.format(kind=kind, id=identifier))
    return reverse("nft-page", args=[identifier]) if kind == "address" else ""
