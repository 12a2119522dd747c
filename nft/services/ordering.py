"""Ordering a mint: the address, the key version and the nonce are fixed when a request starts."""

from uuid import UUID

from accounts.models import User
from core.errors import NotAllowed
from nft.chain_access import current_key_version, derive_keypair
from nft.models import MintOrder, OrderStatus, Purpose, TierSupply
from nft.terms import TierTerms


def place_order(
    *, purpose: Purpose, request_id: UUID, user: User, terms: TierTerms, status: OrderStatus
) -> MintOrder:
    """An order in the caller's transaction; its mint's address is derived, and unused.

    Raises Conflict SOLD_OUT when the tier's supply cap leaves no place.
    """
    if user.wallet_address is None:
        raise NotAllowed("NO_WALLET", "Only a member with a wallet can have an NFT.")
    order = MintOrder(
        purpose=purpose,
        request_id=request_id,
        user_id=user.id,
        wallet_address=user.wallet_address,
        terms=terms.dump(),
        number=TierSupply.objects.take(level=terms.level, cap=terms.supply_cap),
        key_version=current_key_version(),
        nonce=MintOrder.new_nonce(),
        status=status,
    )
    order.mint_address = str(derive_keypair(order).pubkey())
    order.save(force_insert=True)
    return order
