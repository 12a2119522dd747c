"""What the chain says about one order's mint: one look."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings

from chain.client import SolanaClient
from chain.errors import ChainUnavailable
from chain.mints import MintVerdict, judge_mint
from chain.nft import mint_space
from chain.records import (
    Blockhash,
    ConfirmedTransaction,
    ForeignAccount,
    MintAccount,
    SignatureStatus,
)
from nft.chain_access import pause_until_final, require_our_cluster
from nft.models import MintOrder
from nft.services.mint_texts import texts_of

BASE_FEE_LAMPORTS = 5000  # a signature; used when the node has pruned the transaction
# An order that failed before may have signed twice. So long we wait for a node that knows which
# one landed (about 10 minutes); a node that has pruned it shall not keep the NFT from its member.
ATTEMPTS_FOR_HISTORY = 12


@dataclass(frozen=True)
class MintQuestion:
    """Plain values, because no database row may be touched while the network is asked.

    `trusts_signature`: without history, the order's own may be taken for the one that minted.
    """

    mint: str
    issue: UUID
    signature: str | None
    trusts_signature: bool
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
    `status` is of the order's own, unless that made the mint.
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
        trusts_signature=order.attempt == 0 or order.attempt > ATTEMPTS_FOR_HISTORY,
        space=mint_space(**texts_of(order)),
    )


async def look_at_mint(chain: SolanaClient, question: MintQuestion) -> MintEvidence:
    """Raises ChainUnavailable, also when the node belongs to another cluster."""
    await require_our_cluster(chain)
    tip = await chain.tip()
    account = await chain.mint_account(question.mint)
    verdict = judge_mint(account, issue=question.issue)
    signed = signature = question.signature or ""
    status, fee, is_ours = None, 0, verdict in (MintVerdict.OURS_LIVE, MintVerdict.OURS_BURNED)
    if is_ours:
        signature, fee = await _find_mint(chain, question)
    if signed and not (is_ours and signature == signed):
        status = await chain.signature_status(signed)
    to_sign = None if question.signature else await _look_up_signing_facts(chain, question)
    return MintEvidence(
        tip.block_height, tip.slot, account, verdict, signature, status, fee, to_sign
    )


async def _look_up_signing_facts(chain: SolanaClient, question: MintQuestion) -> SigningFacts:
    blockhash = await chain.latest_blockhash()
    return SigningFacts(blockhash, await chain.minimum_rent(question.space))


async def _find_mint(chain: SolanaClient, question: MintQuestion) -> tuple[str, int]:
    """Signature and fee of the transaction that made our mint.

    Mostly the one that we signed. But our mint may be older than our rows, when those came back
    from a backup, and a node that denied it may have made us sign another, which cannot land.
    """
    if question.signature:
        found = await chain.transaction(question.signature)
        if found is not None and found.error is None:
            return question.signature, found.fee
    for info in reversed(await chain.signatures_for_address(question.mint, down_to_slot=0)):
        found = await chain.transaction(info.signature)
        if found is not None and _makes(found, question.mint):
            return info.signature, found.fee
    if question.signature and question.trusts_signature:
        return question.signature, 2 * BASE_FEE_LAMPORTS
    raise ChainUnavailable("MINT_SIGNATURE_UNKNOWN", "The node does not say who minted the NFT.")


def _makes(transaction: ConfirmedTransaction, mint: str) -> bool:
    """Others may have mentioned the address before, and the member's burn does so afterwards."""
    before = {balance.mint for balance in transaction.pre_token_balances}
    after = {balance.mint for balance in transaction.post_token_balances if balance.amount}
    return transaction.error is None and mint in after - before
