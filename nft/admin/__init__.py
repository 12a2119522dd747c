"""What operators see and edit; each module registers its own."""

from nft.admin import nfts, stuck, tiers, upgrades

__all__ = ["nfts", "stuck", "tiers", "upgrades"]
