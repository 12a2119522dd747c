"""What the chain says about one order's mint: one look."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings

from chain.client import SolanaClient
from chain.errors import ChainUnavailable
from chain.mints import MintVerdict, judge_mint
from chain.nft import mint_space
from chain.records import Blockhash, ForeignAccount, MintAccount, SignatureStatus
from nft.chain_access import pause_until_final, require_our_cluster
from nft.models import MintOrder
from nft.services.mint_texts import texts_of

BASE_FEE_LAMPORTS = 5000  # a signature; used when the node has pruned the transaction


@dataclass(frozen=True)
class MintQuestion:
    """Plain values, because no database row may be touched while the network is asked."""

    mint: str
    issue: UUID
    signature: str | None
    space: int


@dataclass(frozen=True)
class SigningFacts:
    """`rent_lamports` is for the finished mint account."""

    blockhash: Blockhash
    rent_lamports: int


@dataclass(frozen=True)
class MintEvidence:
    """Everything at `finalized`, except `status`.

    `height` was read before the account, so an absent mint was absent at that height.
    `signature` is the order's own, or the one that made our mint; empty before both.
    `to_sign` is there when nothing is signed yet.
    """

    height: int
    finalized_slot: int
    account: MintAccount | ForeignAccount | None
    verdict: MintVerdict
    signature: str
    status: SignatureStatus | None
    fee_lamports: int
    to_sign: "SigningFacts | None"

    @property
    def failed_for_good(self) -> bool:
        """It landed with an error in a finalized block: that signature can do nothing more."""
        status = self.status
        return bool(status and status.error and status.confirmation == "finalized")

    @property
    def funded_lamports(self) -> int:
        """What somebody sent to the address before us."""
        return self.account.lamports if self.account else 0

    def pause_until_final(self) -> timedelta:
        """Until shortly before the transaction's slot is expected to be finalized; then poll."""
        poll: timedelta = settings.CHAIN_POLL_INTERVAL
        if self.status is None:
            return poll
        return max(pause_until_final(self.status.slot, self.finalized_slot), poll)


def question_of(order: MintOrder) -> MintQuestion:
    return MintQuestion(
        mint=order.mint_address,
        issue=order.request_id,
        signature=order.signature,
        space=mint_space(**texts_of(order)),
    )


async def look_at_mint(chain: SolanaClient, question: MintQuestion) -> MintEvidence:
    """Raises ChainUnavailable, also when the node belongs to another cluster."""
    await require_our_cluster(chain)
    tip = await chain.tip()
    account = await chain.mint_account(question.mint)
    verdict = judge_mint(account, issue=question.issue)
    signature = await _find_signature(chain, question, verdict)
    status, fee = await _look_at_transaction(chain, signature, verdict)
    to_sign = None if question.signature else await _look_up_signing_facts(chain, question)
    return MintEvidence(
        tip.block_height, tip.slot, account, verdict, signature, status, fee, to_sign
    )


async def _look_up_signing_facts(chain: SolanaClient, question: MintQuestion) -> SigningFacts:
    blockhash = await chain.latest_blockhash()
    return SigningFacts(blockhash, await chain.minimum_rent(question.space))


async def _find_signature(chain: SolanaClient, question: MintQuestion, verdict: MintVerdict) -> str:
    """Our mint may be older than our rows, when those came back from a backup."""
    if question.signature or verdict in (MintVerdict.ABSENT, MintVerdict.FOREIGN):
        return question.signature or ""
    for info in reversed(await chain.signatures_for_address(question.mint, down_to_slot=0)):
        if info.error is None:
            return info.signature
    raise ChainUnavailable("MINT_SIGNATURE_UNKNOWN", "The node does not say who minted the NFT.")


async def _look_at_transaction(
    chain: SolanaClient, signature: str, verdict: MintVerdict
) -> tuple[SignatureStatus | None, int]:
    if not signature:
        return None, 0
    if verdict is MintVerdict.ABSENT:
        return await chain.signature_status(signature), 0
    found = await chain.transaction(signature)
    return None, found.fee if found else 2 * BASE_FEE_LAMPORTS
