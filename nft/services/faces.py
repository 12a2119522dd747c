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
    """`number` is its place among the NFTs of its level; None for those made before numbers."""

    mint_address: str
    terms: TierTerms
    number: int | None = None

    @property
    def name(self) -> str:
        """As on chain."""
        return name_on_chain(self.terms, self.number)


def find_face(mint_address: str) -> Face:
    """Raises NotFound for an address that is malformed or not one of ours."""
    if BASE58_KEY.fullmatch(mint_address):
        order = MintOrder.objects.filter(mint_address=mint_address).first()
        if order is not None:
            return Face(mint_address, TierTerms.load(order.terms), order.number)
        nft = UserNft.objects.filter(mint_address=mint_address).select_related("tier").first()
        if nft is not None:
            return Face(mint_address, _terms_of(nft))
    raise NotFound("NFT_NOT_FOUND", "We issued no NFT at this address.")


def _terms_of(nft: UserNft) -> TierTerms:
    """For an NFT without an order: what was copied into it, the rest from its tier."""
    return replace(TierTerms.of(nft.tier), name=nft.tier_name, benefits=nft.benefits)


def metadata_of(face: Face, *, picture_sha256: str) -> dict[str, Any]:
    """The JSON that Metaplex-aware wallets expect behind a mint's `uri`.

    The picture's address carries its hash, so that it may be cached for ever.
    """
    image = f"{image_url(face.mint_address)}?sha256={picture_sha256}"
    return {
        "name": face.name,
        "symbol": face.terms.symbol,
        "description": face.terms.description,
        "image": image,
        "external_url": settings.PUBLIC_BASE_URL,
        "attributes": _attributes(face),
        "properties": {
            "category": "image",
            "files": [{"uri": image, "type": "image/svg+xml", "sha256": picture_sha256}],
        },
    }


def _attributes(face: Face) -> list[dict[str, Any]]:
    terms, benefits = face.terms, dict(face.terms.benefits)
    traits = {
        "Tier": terms.name,
        "Level": terms.level,
        "Trading fee reduction": benefits.pop("tradingFeeReduction", None),
        "AI agent weekly uses": benefits.pop("aiAgentWeeklyUses", None),
        "Priority support": bool(benefits.pop("prioritySupport", False)),
        **{title_of(name): value for name, value in sorted(benefits.items())},
    }
    shown = [
        {"trait_type": name, "value": _shown(value)}
        for name, value in traits.items()
        if value is not None
    ]
    return shown if face.number is None else [*shown, _number(face.number, terms.supply_cap)]


def _number(number: int, cap: int | None) -> dict[str, Any]:
    """Wallets draw `number` traits as "12 of 100"."""
    limit = {} if cap is None else {"max_value": cap}
    return {"trait_type": "Number", "value": number, "display_type": "number", **limit}


def _shown(value: Any) -> Any:
    return ("Yes" if value else "No") if isinstance(value, bool) else value


def title_of(name: str) -> str:
    """`loungeAccess` as `Lounge access`."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", name).capitalize()
