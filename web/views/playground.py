"""In the demo a visitor plays the services that report trades and award badges."""

from decimal import Decimal

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.models import User
from badges.services import award_badge
from core.errors import DomainError
from core.ids import uuid7
from nft.chain_access import on_chain_for_caller
from trading.intake import NewTrade
from trading.services import record_trades
from web.access import member_page

SOURCE = "playground"
VOLUMES = {"25000": Decimal(25_000), "100000": Decimal(100_000)}  # US dollars
COINS = 10**9  # lamports


@require_POST
@member_page
def play(request: HttpRequest, member: User) -> HttpResponse:
    """One of `volume` (US dollars), `badge` (a slug) or `coins`. 404 outside the demo."""
    if not settings.DEMO_WALLET:
        raise Http404
    volume, slug = VOLUMES.get(request.POST.get("volume", "")), request.POST.get("badge", "")
    try:
        if volume:
            _trade(member, volume)
        elif slug:
            award_badge(user=member, slug=slug, now=timezone.now(), source=SOURCE)
        elif "coins" in request.POST:
            wallet = member.wallet_address or ""
            on_chain_for_caller(lambda chain: chain.airdrop(wallet, COINS))
    except DomainError as error:
        return HttpResponse(error.message, status=error.status, content_type="text/plain")
    target = request.POST.get("next", "/")
    is_ours = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if is_ours else "collection")


def _trade(member: User, volume: Decimal) -> None:
    now = timezone.now()
    trade = NewTrade(
        trade_id=f"{SOURCE}-{uuid7()}",
        wallet_address=member.wallet_address or "",
        volume_usd=volume,
        executed_at=now,
    )
    record_trades(trades=[trade], now=now, source=SOURCE)
