"""The member's own pages: signing in, the collection, badges, activity."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from accounts.models import User
from badges.models import BadgeDefinition, EarnedBadge
from events.models import Event
from nft.models import MintOrder, NftStatus, UpgradeRequest, UserNft
from nft.models.nfts import HELD
from nft.services.benefits import benefits_of
from notifications.kinds import LANGUAGES
from notifications.services.preferring import adopt_language
from trading.models import Trade
from web.access import member_of, member_page
from web.ladder import next_tier_of
from web.notification_names import kind_groups
from web.telling import KINDS, SILENT, tell

PAGE = 30  # events


@require_safe
@never_cache
@ensure_csrf_cookie
def sign_in_page(request: HttpRequest) -> HttpResponse:
    """Lists the wallets that this browser has; the signing is done by script.

    Which comes back here once it is done: what a member is told follows the pages' language.
    """
    wanted = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    target = wanted if is_ours else reverse("collection")
    member = member_of(request)
    if member and "switch" not in request.GET:
        adopt_language(user_id=member.id, language=get_language() or "")
        return redirect(target)
    return render(request, "web/sign_in.html", {"target": target})


@require_safe
@member_page
def collection_page(request: HttpRequest, member: User) -> HttpResponse:
    """What I hold, what it gives, and what leads to the next tier."""
    now = timezone.now()
    nfts = list(UserNft.objects.of_user(member.id))
    orders = MintOrder.objects.filter(mint_address__in=[nft.mint_address for nft in nfts])
    numbers = dict(orders.values_list("mint_address", "number"))
    shown = [(nft, numbers.get(nft.mint_address)) for nft in nfts]
    active = [nft for nft in nfts if nft.status == NftStatus.ACTIVE]
    page = {
        "held": [pair for pair in shown if pair[0].status in HELD],
        "past": [pair for pair in shown if pair[0].status not in HELD],
        "benefits": benefits_of(wallet=member.wallet_address or "", now=now),
        "next": next_tier_of(member, now=now),
        "upgradable": active[0] if active else None,
        "upgrade": UpgradeRequest.objects.of_user(member.id).open().first(),
        "trades": Trade.objects.in_force().filter(user=member).order_by("-executed_at")[:5],
        "news": tell(_feed(member)[:5]),
    }
    return render(request, "web/collection.html", page | _playground(member))


@require_safe
@member_page
def badges_page(request: HttpRequest, member: User) -> HttpResponse:
    """Mine first, then what can still be earned."""
    mine = list(EarnedBadge.objects.of_user(member.id))
    held = {badge.definition_id for badge in mine}
    open_ones = [each for each in BadgeDefinition.objects.listed() if each.id not in held]
    page = {"mine": mine, "open_badges": open_ones}
    return render(request, "web/badges.html", page | _playground(member))


@require_safe
@member_page
def activity_page(request: HttpRequest, member: User) -> HttpResponse:
    """The feed, newest first. `before` is a sequence, `kind` one of `KINDS`."""
    kind = request.GET.get("kind", "")
    events = _feed(member)
    if kind in KINDS:
        events = events.filter(type__in=KINDS[kind])
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        events = events.filter(sequence__lt=int(before))
    news = tell(events[: PAGE + 1])
    older = ""
    if len(news) > PAGE:
        older = "?" + urlencode({"kind": kind, "before": news[PAGE - 1].sequence})
    page = {"news": news[:PAGE], "older": older, "kind": kind, "kinds": list(KINDS)}
    return render(request, "web/activity.html", page)


@require_safe
@never_cache
@ensure_csrf_cookie
def leaderboards_page(request: HttpRequest) -> HttpResponse:
    """For everybody; the places come by script, a member's own among them."""
    return render(request, "web/leaderboards.html")


@require_safe
@member_page
def notifications_page(request: HttpRequest, _member: User) -> HttpResponse:
    """The inbox and what comes into it; both are filled by script, from the API."""
    page = {
        "groups": kind_groups(),
        "told_languages": LANGUAGES,
        "mail_is_on": settings.EMAIL_ENABLED,
    }
    return render(request, "web/notifications.html", page)


@require_safe
@member_page
def news_fragment(request: HttpRequest, member: User) -> HttpResponse:
    """For the script: what happened behind `after`, as short notices in the page's language."""
    after = request.GET.get("after", "")
    since = int(after) if after.isdecimal() and len(after) < 19 else 0
    events = Event.objects.for_user(member.id, after=since).exclude(type__in=SILENT)[:5]
    return render(request, "web/news.html", {"news": tell(events)})


def _feed(member: User) -> Any:
    return Event.objects.for_user(member.id).exclude(type__in=SILENT).reverse()


def _playground(member: User) -> dict[str, Any]:
    if not settings.DEMO_WALLET:
        return {}
    held = EarnedBadge.objects.of_user(member.id).values("definition_id")
    return {"playground_badges": BadgeDefinition.objects.listed().exclude(id__in=held)}
