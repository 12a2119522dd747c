"""Transactions that we paid for and that landed with an error: told, because they cost a fee."""

from django.db import transaction

from chain.quotes import fee_of
from events.services import publish
from nft.events import TransactionFailed
from nft.models import MintOrder, Purpose, UpgradeRequest


@transaction.atomic(durable=True)
def forget_failed_mint(*, order: MintOrder) -> None:
    """It stands in a final block with its error. Raises Conflict when somebody else was faster."""
    if order.signed_transaction is not None:
        fee = fee_of(bytes(order.signed_transaction))
        is_upgrade = order.purpose == Purpose.UPGRADE
        publish(
            TransactionFailed(
                user_id=order.user_id,
                purpose="mint",
                transaction_signature=order.signature or "",
                mint_address=order.mint_address,
                fee_payer=fee.payer,
                gas_used=fee.lamports,
                nft_id=None if is_upgrade else order.request_id,
                upgrade_request_id=order.request_id if is_upgrade else None,
            )
        )
    order.forget_signed()


def tell_failed_burn(*, request: UpgradeRequest, signature: str) -> None:
    """In the transaction that ends the looks at this signature. Nothing where we did not pay."""
    ours = request.burn_transactions.filter(signature=signature, sponsored_at__isnull=False)
    burn = ours.first()
    if burn is None:
        return
    publish(
        TransactionFailed(
            user_id=request.user_id,
            purpose="burn",
            transaction_signature=signature,
            mint_address=request.current_nft.mint_address,
            fee_payer=burn.fee_payer,
            gas_used=burn.fee_lamports,
            nft_id=request.current_nft_id,
            upgrade_request_id=request.id,
        )
    )
