"""The upgrade: its preview, and the page that follows it to the end."""

import json
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from badges.models import BadgeDefinition
from core.api import parse_id
from core.errors import DomainError, NotFound, Unavailable
from nft.models import MintOrder, Tier, UpgradeRequest
from nft.services.finding import find_upgrade
from nft.services.outlook import outlook_of
from nft.services.previewing import UpgradePreview, preview_upgrade
from nft.services.starting import find_nft
from nft.services.upgrade_quotes import VALID_FOR
from nft.terms import TierTerms
from nft.throttles import BurnTransactionThrottle
from web.access import member_page
from web.timeline import steps_of


@require_safe
@member_page
def upgrade_list_page(request: HttpRequest, member: User) -> HttpResponse:
    upgrades = UpgradeRequest.objects.of_user(member.id).select_related("current_nft", "new_nft")
    return render(request, "web/upgrades.html", {"upgrades": upgrades[:50]})


@require_safe
@member_page
def preview_page(request: HttpRequest, member: User, nft_id: str) -> HttpResponse:
    """What would burn, what would be consumed, what it costs, what comes of it."""
    running = UpgradeRequest.objects.of_user(member.id).open().first()
    if running is not None:
        return redirect("upgrade-page", running.id)
    try:
        nft = find_nft(member, parse_id(nft_id))
        page: dict[str, Any] = {"nft": nft, "names": _badge_names()}
        if not BurnTransactionThrottle().allow_request(request, None):  # type: ignore[arg-type]
            page["problem"] = "RATE_LIMITED"
        else:
            page["preview"] = preview_upgrade(
                user=member, nft_id=nft.id, target_level=nft.tier_level + 1, now=timezone.now()
            )
    except NotFound as error:
        raise Http404(error.message) from None
    except Unavailable as error:
        page["problem"] = error.code
    if "preview" in page:
        page |= _offer(page["preview"])
    return render(request, "web/preview.html", page)


@require_safe
@member_page
def upgrade_page(request: HttpRequest, member: User, upgrade_id: str) -> HttpResponse:
    """Every step as it happens. Leaving and coming back changes nothing: the rows tell all."""
    try:
        upgrade = find_upgrade(user=member, request_id=parse_id(upgrade_id))
    except DomainError as error:
        raise Http404(error.message) from None
    page = {
        "upgrade": upgrade,
        "terms": TierTerms.load(upgrade.terms),
        "steps": steps_of(upgrade),
        "outlook": outlook_of(upgrade, now=timezone.now()),
        "names": _badge_names(),
        "old_number": _number_of(upgrade.current_nft.mint_address),
    }
    return render(request, "web/upgrade.html", page)


def _offer(preview: UpgradePreview) -> dict[str, Any]:
    """What is promised, or would be; `start_body` is that of the call that starts this upgrade."""
    tier = Tier.objects.on_offer().filter(level=preview.target_level).first()
    promised = preview.terms or tier
    body = {"currentNftId": str(preview.nft.id), "targetLevel": preview.target_level}
    return {
        "tier": tier,
        "benefits": promised.benefits if promised else None,
        "offer_holds": VALID_FOR.total_seconds(),
        "time_to_sign": settings.UPGRADE_TTL.total_seconds(),
        "start_body": json.dumps(body | {"quote": preview.quote}),
    }


def _badge_names() -> dict[str, str]:
    return dict(BadgeDefinition.objects.values_list("slug", "name"))


def _number_of(mint: str) -> int | None:
    return MintOrder.objects.filter(mint_address=mint).values_list("number", flat=True).first()
