"""What the chain says about the hands an NFT went through: one look, at `finalized`."""

from dataclasses import dataclass, field

from chain.client import SolanaClient
from chain.errors import ChainRejected
from chain.ownership import Holder, Move, read_move
from chain.records import ConfirmedTransaction, MintAccount, SignatureInfo
from nft.chain_access import require_our_cluster

# Transactions read in one look; anybody can send some that mention an NFT.
MOST_READ = 100


@dataclass(frozen=True)
class OwnerQuestion:
    """Plain values. `holder` as of `since`, the slot to read from; `applied` are signatures
    of moves that are recorded already."""

    mint: str
    holder: Holder
    since: int
    applied: frozenset[str]


@dataclass(frozen=True)
class OwnerEvidence:
    """`moves` in their order. `read_to`: every transaction before this slot was looked at.

    `is_complete` when nothing is left to read, `settled` when the chain's state agrees with
    where the moves lead to.
    """

    moves: tuple[Move, ...]
    read_to: int
    is_complete: bool
    settled: bool
    mint_account: MintAccount | None


@dataclass
class _Reading:
    """Transactions already fetched, by signature; None for one that no node can show."""

    chain: SolanaClient
    mint: str
    known: dict[str, ConfirmedTransaction | None] = field(default_factory=dict)

    @property
    def is_spent(self) -> bool:
        return len(self.known) >= MOST_READ

    async def history(self, holder: Holder, since: int) -> list[SignatureInfo]:
        """Of the mint and of the token account, oldest first, without failed ones."""
        found: dict[str, SignatureInfo] = {}
        for address in (self.mint, holder.account):
            newest_first = await self.chain.signatures_for_address(address, down_to_slot=since)
            found |= {info.signature: info for info in reversed(newest_first) if not info.error}
        return sorted(found.values(), key=lambda info: info.slot)

    async def transaction(self, signature: str) -> ConfirmedTransaction | None:
        if signature not in self.known:
            try:
                self.known[signature] = await self.chain.transaction(signature)
            except ChainRejected:  # for example a version that nobody can read
                self.known[signature] = None
        return self.known[signature]


async def gather_owner_evidence(chain: SolanaClient, question: OwnerQuestion) -> OwnerEvidence:
    """Follow the NFT from where it lay. Raises ChainUnavailable."""
    await require_our_cluster(chain)
    tip = await chain.slot()  # read first: what is final by then is in the answers that follow
    reading = _Reading(chain, question.mint)
    moves: list[Move] = []
    holder: Holder | None = question.holder
    since, used, stopped_at = question.since, set(question.applied), None
    while holder is not None:
        move, stopped_at = await _next_move(reading, holder, since, used)
        if move is None:
            break
        moves.append(move)
        used.add(move.transaction.signature)
        holder, since = move.after, move.transaction.slot
    account = await chain.mint_account(question.mint)
    mint_account = account if isinstance(account, MintAccount) else None
    settled = await _agrees(chain, question.mint, holder, mint_account)
    read_to = tip if stopped_at is None else stopped_at
    return OwnerEvidence(tuple(moves), read_to, stopped_at is None, settled, mint_account)


async def _next_move(
    reading: _Reading, holder: Holder, since: int, used: set[str]
) -> tuple[Move | None, int | None]:
    """The first move away from `holder`; the slot where reading stopped, None at the end."""
    looked_at = since
    for info in await reading.history(holder, since):
        if info.signature in used:
            continue
        if reading.is_spent and info.signature not in reading.known:
            # A single slot that is too full is passed over: the state tells if that matters.
            return None, max(looked_at, since + 1)
        transaction = await reading.transaction(info.signature)
        if transaction is not None:
            move = read_move(transaction, mint=reading.mint, holder=holder)
            if move is not None:
                return move, None
        looked_at = info.slot
    return None, None


async def _agrees(
    chain: SolanaClient, mint: str, holder: Holder | None, account: MintAccount | None
) -> bool:
    if holder is None:
        return account is not None and account.supply == 0
    (shown,) = await chain.token_accounts([holder.account])
    return holder.is_shown_by(shown, mint=mint)
