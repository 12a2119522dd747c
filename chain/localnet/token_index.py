"""Which token accounts an owner has, or a mint: so that no query walks every account."""

from collections import defaultdict
from collections.abc import Mapping

from solders.account import Account
from solders.pubkey import Pubkey

from .tokens import parse_holding


class TokenIndex:
    """Addresses are only ever added; a reader checks each account as of its own slot."""

    def __init__(self) -> None:
        self._by_owner: defaultdict[Pubkey, set[Pubkey]] = defaultdict(set)
        self._by_mint: defaultdict[Pubkey, set[Pubkey]] = defaultdict(set)

    def note(self, accounts: Mapping[Pubkey, Account | None]) -> None:
        for address, account in accounts.items():
            holding = parse_holding(account)
            if holding is not None:
                self._by_owner[holding.owner].add(address)
                self._by_mint[holding.mint].add(address)

    def of_owner(self, owner: Pubkey) -> list[Pubkey]:
        return sorted(self._by_owner.get(owner, ()), key=bytes)

    def of_mint(self, mint: Pubkey) -> list[Pubkey]:
        return sorted(self._by_mint.get(mint, ()), key=bytes)
