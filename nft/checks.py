"""What `manage.py check --deploy` says about the chain. Nothing here asks a node."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security, deploy=True)
def cluster_is_pinned(**_: Any) -> list[CheckMessage]:
    if settings.SOLANA_GENESIS_HASH or settings.LOCALNET_ALLOWED:
        return []
    return [
        Warning(
            "Any Solana cluster is believed, so a wrong SOLANA_RPC_URL is not noticed.",
            hint="Set SOLANA_CHAIN to mainnet, devnet or testnet, or SOLANA_GENESIS_HASH.",
            id="nft.W001",
        )
    ]
