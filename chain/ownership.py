"""How an NFT went from hand to hand: pure rules over finalized transactions.

A token account is followed, not only the mint: a plain Transfer and a SetAuthority name the
accounts that they move between, but not the mint.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from spl.token.instructions import get_associated_token_address

from chain.addresses import parse_address
from chain.records import ConfirmedTransaction, TokenAccount, TokenBalance
from chain.token2022 import PROGRAM


@dataclass(frozen=True, slots=True)
class Holder:
    """Where the NFT lies: a token account, and the wallet that owns it."""

    account: str
    wallet: str

    def is_shown_by(self, account: TokenAccount | None, *, mint: str) -> bool:
        """Whether the account, as the chain gives it, still holds the NFT for the wallet."""
        return account is not None and (
            (account.mint, account.owner, account.amount) == (mint, self.wallet, 1)
        )


@dataclass(frozen=True, slots=True)
class Move:
    """One transaction took the NFT from `before`; `after` is None for a burn."""

    transaction: ConfirmedTransaction
    before: Holder
    after: Holder | None

    @property
    def changes_wallet(self) -> bool:
        return self.after is None or self.after.wallet != self.before.wallet


def first_holder(wallet: str, mint: str) -> Holder:
    """Where our mint puts a new NFT."""
    account = get_associated_token_address(parse_address(wallet), parse_address(mint), PROGRAM)
    return Holder(str(account), wallet)


def read_move(transaction: ConfirmedTransaction, *, mint: str, holder: Holder) -> Move | None:
    """What the transaction as a whole did to an NFT that lay with `holder` before it.

    None when it failed, left the NFT where it was, or the NFT lay elsewhere.
    """
    before = _holder_in(transaction.pre_token_balances, mint)
    after = _holder_in(transaction.post_token_balances, mint)
    if transaction.error is not None or before != holder or after == holder:
        return None
    return Move(transaction, holder, after)


def _holder_in(balances: Iterable[TokenBalance], mint: str) -> Holder | None:
    for balance in balances:
        if balance.mint == mint and balance.amount == 1:
            return Holder(balance.account, balance.owner)
    return None
