"""Tiers, NFTs, the orders that mint them, and the upgrade requests."""

from nft.models.benefits import BenefitUse
from nft.models.earning import AwardRule, QualificationRecord
from nft.models.face_files import FaceFile, FacePart
from nft.models.holdings import HoldingStatus, NftHolding, OwnershipChange
from nft.models.nfts import NftStatus, Origin, UserNft
from nft.models.orders import MintOrder, OrderStatus, Purpose
from nft.models.sponsoring import SponsorSpending
from nft.models.supply import TierSupply
from nft.models.tiers import Tier, TierVersion
from nft.models.upgrade_records import BurnTransaction, UpgradeStatusHistory
from nft.models.upgrade_states import CLOSED, OPEN, UpgradeStatus
from nft.models.upgrades import UpgradeRequest

__all__ = [
    "CLOSED",
    "OPEN",
    "AwardRule",
    "BenefitUse",
    "BurnTransaction",
    "FaceFile",
    "FacePart",
    "HoldingStatus",
    "MintOrder",
    "NftHolding",
    "NftStatus",
    "OrderStatus",
    "Origin",
    "OwnershipChange",
    "Purpose",
    "QualificationRecord",
    "SponsorSpending",
    "Tier",
    "TierSupply",
    "TierVersion",
    "UpgradeRequest",
    "UpgradeStatus",
    "UpgradeStatusHistory",
    "UserNft",
]
