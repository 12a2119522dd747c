"""What the chain says about the burn of one NFT: one look, then a pure judgement."""

from dataclasses import dataclass
from uuid import UUID

from chain.burns import FAILED_ON_CHAIN, judge_burn
from chain.client import SolanaClient
from chain.errors import ChainRejected
from chain.nft import burn_memo
from chain.records import (
    BurnProof,
    ConfirmedTransaction,
    ForeignAccount,
    MintAccount,
    SignatureStatus,
)
from nft.chain_access import require_our_cluster
from nft.models import UpgradeRequest


@dataclass(frozen=True)
class BurnEvidence:
    """Everything at `finalized`, except `status`.

    `height` was read before the account: what the account does not show at that height
    cannot have happened at or below it. `rejection` concerns the submitted signature only.
    """

    height: int
    finalized_slot: int
    supply: int | None
    status: SignatureStatus | None
    proof: BurnProof | None
    rejection: ChainRejected | None

    @property
    def hint_failed(self) -> bool:
        """The submitted transaction stands in a final block, with an error."""
        return self.rejection is not None and self.rejection.code == FAILED_ON_CHAIN

    @property
    def is_burned(self) -> bool:
        return self.supply == 0


@dataclass(frozen=True)
class BurnQuestion:
    """Plain values, because no database row may be touched while the network is asked."""

    request_id: UUID
    mint: str
    wallet: str
    start_slot: int
    signature: str


async def gather_burn_evidence(chain: SolanaClient, question: BurnQuestion) -> BurnEvidence:
    """Look at the submitted transaction and, when the supply is gone, for any other burn.

    Raises ChainUnavailable, also when the node belongs to another cluster.
    """
    await require_our_cluster(chain)
    tip = await chain.tip()
    account = await chain.mint_account(question.mint)
    proof, rejection, status = await _look_up(chain, account, question)
    if proof is None and _supply(account) == 0:
        proof = await _sweep(chain, account, question)
    return BurnEvidence(tip.block_height, tip.slot, _supply(account), status, proof, rejection)


def question_of(request: UpgradeRequest) -> BurnQuestion:
    return BurnQuestion(
        request_id=request.id,
        mint=request.current_nft.mint_address,
        wallet=request.wallet_address,
        start_slot=request.start_slot,
        signature=request.submitted_signature,
    )


async def _look_up(
    chain: SolanaClient, account: MintAccount | ForeignAccount | None, question: BurnQuestion
) -> tuple[BurnProof | None, ChainRejected | None, SignatureStatus | None]:
    if not question.signature:
        return None, None, None
    try:
        found = await chain.transaction(question.signature)
    except ChainRejected as refusal:  # for example a version that nobody can read
        return None, refusal, None
    if found is None:
        return None, None, await chain.signature_status(question.signature)
    return *_judge(found, account, question), None


def _judge(
    transaction: ConfirmedTransaction,
    account: MintAccount | ForeignAccount | None,
    question: BurnQuestion,
) -> tuple[BurnProof | None, ChainRejected | None]:
    if not isinstance(account, MintAccount):
        return None, ChainRejected("BURN_WRONG_MINT", "The mint does not exist on this cluster.")
    try:
        return (
            judge_burn(
                transaction,
                mint=question.mint,
                wallet=question.wallet,
                mint_account=account,
                not_before_slot=question.start_slot,
            ),
            None,
        )
    except ChainRejected as rejection:
        return None, rejection


async def _sweep(
    chain: SolanaClient, account: MintAccount | ForeignAccount | None, question: BurnQuestion
) -> BurnProof | None:
    """A burn that nobody told us about: through the mint's signatures, newest first.

    Anybody can send transactions that mention the mint, so those whose memo names the request
    come before the others, and one that cannot be read hides none.
    """
    known = await chain.signatures_for_address(question.mint, down_to_slot=question.start_slot)
    memo = burn_memo(question.request_id)
    for info in sorted(known, key=lambda info: memo not in (info.memo or "")):
        if info.error is not None or info.signature == question.signature:
            continue
        proof = await _prove(chain, info.signature, account, question)
        if proof is not None:
            return proof
    return None


async def _prove(
    chain: SolanaClient,
    signature: str,
    account: MintAccount | ForeignAccount | None,
    question: BurnQuestion,
) -> BurnProof | None:
    try:
        found = await chain.transaction(signature)
    except ChainRejected:
        return None
    return _judge(found, account, question)[0] if found else None


def _supply(account: MintAccount | ForeignAccount | None) -> int | None:
    return account.supply if isinstance(account, MintAccount) else None
