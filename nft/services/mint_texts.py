"""The texts that go on chain with an NFT: fixed by its order, so that every attempt agrees."""

from typing import TypedDict

from nft.addresses import metadata_uri
from nft.models import MintOrder
from nft.terms import TierTerms


class MintTexts(TypedDict):
    name: str
    symbol: str
    uri: str
    fields: dict[str, str]


def texts_of(order: MintOrder) -> MintTexts:
    """`fields`: the tier's level, and `issue`, the id of the request that made the NFT."""
    terms = TierTerms.load(order.terms)
    return MintTexts(
        name=name_on_chain(terms, order.number),
        symbol=terms.symbol,
        uri=metadata_uri(order.mint_address),
        fields={"tier": str(terms.level), "issue": str(order.request_id)},
    )


def name_on_chain(terms: TierTerms, number: int | None) -> str:
    return f"AIW3 {terms.name}" if number is None else f"AIW3 {terms.name} #{number}"
