"""Tiers, NFTs, the orders that mint them, and the upgrade requests."""

from nft.models.nfts import NftStatus, Origin, UserNft
from nft.models.orders import MintOrder, OrderStatus, Purpose
from nft.models.reviews import Outcome, ReviewDecision, StuckUpgrade, Verdict
from nft.models.tiers import Tier
from nft.models.upgrade_records import BurnTransaction, UpgradeStatusHistory
from nft.models.upgrade_states import CLOSED, OPEN, UpgradeStatus
from nft.models.upgrades import UpgradeRequest
from nft.models.watching import AuthorityBalance

__all__ = [
    "CLOSED",
    "OPEN",
    "AuthorityBalance",
    "BurnTransaction",
    "MintOrder",
    "NftStatus",
    "OrderStatus",
    "Origin",
    "Outcome",
    "Purpose",
    "ReviewDecision",
    "StuckUpgrade",
    "Tier",
    "UpgradeRequest",
    "UpgradeStatus",
    "UpgradeStatusHistory",
    "UserNft",
    "Verdict",
]
