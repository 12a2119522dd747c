"""Pages for everybody: the landing page, an NFT by its address, the state of the service."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from badges.models import BadgeDefinition
from core.errors import NotFound
from nft.models import MintOrder, Tier, UserNft
from nft.services.faces import find_face
from web.service_state import service_state


@require_safe
@ensure_csrf_cookie
def landing_page(request: HttpRequest) -> HttpResponse:
    """What this is, and the ladder."""
    return render(
        request,
        "web/landing.html",
        {"tiers": Tier.objects.on_offer(), "badges": BadgeDefinition.objects.listed()},
    )


@require_safe
@ensure_csrf_cookie
def nft_page(request: HttpRequest, mint: str) -> HttpResponse:
    """One NFT, for whoever has its address; with what social networks show of it."""
    try:
        face = find_face(mint)
    except NotFound as error:
        raise Http404(error.message) from None
    nft = UserNft.objects.filter(mint_address=mint).select_related("user").first()
    order = MintOrder.objects.filter(mint_address=mint).first()
    page = {"face": face, "nft": nft, "order": order, "base": settings.PUBLIC_BASE_URL}
    return render(request, "web/nft.html", page)


@require_safe
@never_cache
@ensure_csrf_cookie
def status_page(request: HttpRequest) -> HttpResponse:
    """Whether everything works, in words; nothing that helps an attacker."""
    return render(request, "web/status.html", {"state": service_state(now=timezone.now())})


@require_safe
@cache_control(public=True, max_age=300)
def tier_colours(request: HttpRequest) -> HttpResponse:
    """Operators choose a tier's colour, and the policy allows no style inside a page."""
    return render(
        request, "web/tiers.css", {"tiers": Tier.objects.order_by("level")}, content_type="text/css"
    )


@require_safe
@cache_control(max_age=0)
def service_worker(_request: HttpRequest) -> HttpResponse:
    """Served from the root, because a worker only sees pages below its own address."""
    source = (settings.BASE_DIR / "static" / "web" / "service-worker.js").read_text()
    return HttpResponse(source, content_type="text/javascript")


@require_safe
@never_cache
@ensure_csrf_cookie
def live_page(request: HttpRequest) -> HttpResponse:
    """The bare feed, for whoever builds on it. The events come by script."""
    return render(request, "live.html")
