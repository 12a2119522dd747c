"""Signing the mint of an order, and moving to another address when ours is occupied."""

import logging
from datetime import datetime

from django.db import transaction
from solders.null_signer import NullSigner

from chain.errors import ChainRejected
from chain.fees import DRAFT, ComputeBudget
from chain.nft import build_mint
from chain.records import SignedTransaction
from chain.signers import Signer
from nft.addresses import image_url, metadata_uri
from nft.chain_access import derive_keypair, mint_keypair, payer
from nft.models import MintOrder, UserNft
from nft.services.mint_evidence import MintEvidence, SigningFacts
from nft.services.mint_texts import texts_of

logger = logging.getLogger(__name__)


def sign_mint(
    *, order: MintOrder, evidence: MintEvidence, facts: SigningFacts, budget: ComputeBudget
) -> SignedTransaction:
    """The mint transaction, complete; sending it twice mints once."""
    return _fit(order, evidence, facts, payer(), mint_keypair(order), budget)


def draft_mint(*, order: MintOrder, evidence: MintEvidence, facts: SigningFacts) -> bytes:
    """The same to be simulated: without signatures, so that nobody can send it."""
    nobody, nowhere = NullSigner(payer().pubkey()), NullSigner(mint_keypair(order).pubkey())
    return _fit(order, evidence, facts, nobody, nowhere, DRAFT).raw


def _fit(
    order: MintOrder,
    evidence: MintEvidence,
    facts: SigningFacts,
    payer: Signer,
    mint: Signer,
    budget: ComputeBudget | None,
) -> SignedTransaction:
    """Texts that leave no room for a budget go without one: it only helps."""
    try:
        return build_mint(
            payer=payer,
            mint=mint,
            owner=order.wallet_address,
            **texts_of(order),
            rent_lamports=facts.rent_lamports,
            blockhash=facts.blockhash,
            funded_lamports=evidence.funded_lamports,
            budget=budget,
        )
    except ChainRejected as rejection:
        if budget is None or rejection.code != "MINT_TOO_LARGE":
            raise
    return _fit(order, evidence, facts, payer, mint, None)


@transaction.atomic(durable=True)
def take_next_address(*, order: MintOrder, evidence: MintEvidence, now: datetime) -> None:
    """A finalized account that is not ours stands at our address: keep the evidence, move on."""
    mint_keypair(order)  # raises unless the secret is the one that gave the occupied address
    occupied = order.mint_address
    logger.error("Order %s: a foreign account stands at %s", order.id, occupied)
    order.nonce = MintOrder.new_nonce()
    address = str(derive_keypair(order).pubkey())
    order.move_to_nonce(
        nonce=bytes(order.nonce),
        mint_address=address,
        evidence={
            "address": occupied,
            "at": now.isoformat(),
            "height": evidence.height,
            "account": repr(evidence.account),
        },
    )
    UserNft.objects.filter(mint_address=occupied).update(
        mint_address=address, metadata_uri=metadata_uri(address), image_url=image_url(address)
    )
