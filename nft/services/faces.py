"""What an NFT looks like to the world: from its order's frozen terms, before and after the mint."""

import re
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from core.errors import NotFound
from nft.addresses import image_url
from nft.models import MintOrder, UserNft
from nft.services.mint_texts import name_on_chain
from nft.terms import TierTerms

BASE58_KEY = re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,44}")


@dataclass(frozen=True)
class Face:
    mint_address: str
    terms: TierTerms

    @property
    def name(self) -> str:
        """As on chain."""
        return name_on_chain(self.terms)


def find_face(mint_address: str) -> Face:
    """Raises NotFound for an address that is malformed or not one of ours."""
    if BASE58_KEY.fullmatch(mint_address):
        order = MintOrder.objects.filter(mint_address=mint_address).first()
        if order is not None:
            return Face(mint_address, TierTerms.load(order.terms))
        nft = UserNft.objects.filter(mint_address=mint_address).select_related("tier").first()
        if nft is not None:
            return Face(mint_address, _terms_of(nft))
    raise NotFound("NFT_NOT_FOUND", "We issued no NFT at this address.")


def _terms_of(nft: UserNft) -> TierTerms:
    """For an NFT without an order: what was copied into it, the rest from its tier."""
    return replace(TierTerms.of(nft.tier), name=nft.tier_name, benefits=nft.benefits)


def metadata_of(face: Face) -> dict[str, Any]:
    """The JSON that Metaplex-aware wallets expect behind a mint's `uri`."""
    image = image_url(face.mint_address)
    return {
        "name": face.name,
        "symbol": face.terms.symbol,
        "description": face.terms.description,
        "image": image,
        "external_url": settings.PUBLIC_BASE_URL,
        "attributes": _attributes(face.terms),
        "properties": {
            "category": "image",
            "files": [{"uri": image, "type": "image/svg+xml"}],
        },
    }


def _attributes(terms: TierTerms) -> list[dict[str, Any]]:
    benefits = terms.benefits
    traits = {
        "Tier": terms.name,
        "Level": terms.level,
        "Trading fee reduction": benefits.get("tradingFeeReduction"),
        "AI agent weekly uses": benefits.get("aiAgentWeeklyUses"),
        "Priority support": "Yes" if benefits.get("prioritySupport") else "No",
    }
    return [
        {"trait_type": name, "value": value} for name, value in traits.items() if value is not None
    ]
