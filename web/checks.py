"""What must not be switched on outside a demo."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def demo_wallet_is_for_a_localnet(**_: Any) -> list[CheckMessage]:
    if not settings.DEMO_WALLET or (
        settings.LOCALNET_ALLOWED and settings.SOLANA_CHAIN == "localnet"
    ):
        return []
    return [
        Error(
            "DEMO_WALLET lets every visitor earn badges and volume.",
            hint="It needs SOLANA_CHAIN=localnet and LOCALNET_ALLOWED=true.",
            id="web.E001",
        )
    ]
