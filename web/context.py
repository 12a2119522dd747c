"""What every page has: who looks at it, and what its scripts need to know."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from events.models import Event
from web.access import member_of
from web.texts import script_texts


def page(request: HttpRequest) -> dict[str, Any]:
    """Templates call what they ask for; those of the admin ask for nothing."""
    return {
        "member": lambda: member_of(request),
        "page_config": lambda: _config(request),
        "demo_wallet": settings.DEMO_WALLET,
        "site_url": settings.PUBLIC_BASE_URL,
    }


def _config(request: HttpRequest) -> dict[str, Any]:
    """`head` is the last event that the page shows: the live stream goes on behind it."""
    member = member_of(request)
    return {
        "wallet": member.wallet_address if member else None,
        "head": Event.objects.user_head(member.id) if member else 0,
        "chain": f"solana:{settings.SOLANA_CHAIN}",
        "demoWallet": settings.DEMO_WALLET,
        "language": get_language(),
        "texts": script_texts(),
    }
