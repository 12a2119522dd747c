"""Tiers, NFTs, the orders that mint them, and the upgrade requests."""

from nft.models.benefits import BenefitUse
from nft.models.earning import AwardRule, QualificationRecord
from nft.models.face_files import FaceFile, FacePart
from nft.models.holdings import HoldingStatus, NftHolding, OwnershipChange
from nft.models.nfts import NftStatus, Origin, UserNft
from nft.models.orders import MintOrder, OrderStatus, Purpose
from nft.models.reviews import Outcome, ReviewDecision, StuckUpgrade, Verdict
from nft.models.sponsoring import SponsorSpending
from nft.models.supply import TierSupply
from nft.models.tiers import Tier, TierVersion
from nft.models.upgrade_records import BurnTransaction, UpgradeStatusHistory
from nft.models.upgrade_states import CLOSED, OPEN, UpgradeStatus
from nft.models.upgrades import UpgradeRequest
from nft.models.watching import AuthorityBalance

__all__ = [
    "CLOSED",
    "OPEN",
    "AuthorityBalance",
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
    "Outcome",
    "OwnershipChange",
    "Purpose",
    "QualificationRecord",
    "ReviewDecision",
    "SponsorSpending",
    "StuckUpgrade",
    "Tier",
    "TierSupply",
    "TierVersion",
    "UpgradeRequest",
    "UpgradeStatus",
    "UpgradeStatusHistory",
    "UserNft",
    "Verdict",
]
