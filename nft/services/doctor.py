"""Do the rows and the chain agree? One page of rows at a time, two or three calls a page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from chain.client import ACCOUNTS_A_CALL, SolanaClient
from chain.mints import judge_mint
from chain.nft import home_of
from chain.records import ForeignAccount, MintAccount, TokenAccount
from nft.chain_access import on_chain, require_our_cluster
from nft.models import NftStatus, UpgradeRequest, UserNft
from nft.services.doctor_rules import Disagreement, NftFacts, examine_nft, examine_upgrade

Rows = QuerySet[Any]
_HELD = (NftStatus.ACTIVE, NftStatus.UPGRADING)


@dataclass(frozen=True)
class _Seen:
    """At `finalized`: the mints, and the ids of the rows whose wallet holds its NFT."""

    mints: dict[str, MintAccount | ForeignAccount]
    holders: frozenset[UUID]


def examine_nfts(rows: Sequence[UserNft], *, now: datetime) -> list[Disagreement]:
    """Needs `user` and `made_by` of each row. Raises ChainError."""
    seen = on_chain(lambda chain: _look(chain, rows))
    return [found for row in rows for found in examine_nft(row, _facts(row, seen), now=now)]


def examine_upgrades(rows: Sequence[UpgradeRequest], *, now: datetime) -> list[Disagreement]:
    """Needs `order` and `current_nft` of each row. Raises ChainError."""
    mints = {row.current_nft.mint_address for row in rows}
    orders = {row.order.mint_address for row in rows}
    seen = on_chain(lambda chain: _look_at_mints(chain, sorted(mints | orders)))
    return [
        found
        for row in rows
        for found in examine_upgrade(
            row,
            old=seen.get(row.current_nft.mint_address),
            new=judge_mint(seen.get(row.order.mint_address), issue=row.id),
            now=now,
        )
    ]


def pages(rows: Rows, *, size: int) -> Iterator[list[Any]]:
    """By id, so that rows which come and go meanwhile move no page."""
    last: UUID | None = None
    while page := list((rows if last is None else rows.filter(id__gt=last)).order_by("id")[:size]):
        yield page
        last = page[-1].id


def all_nfts() -> Rows:
    return UserNft.objects.select_related("user", "made_by")


def all_upgrades() -> Rows:
    return UpgradeRequest.objects.select_related("order", "current_nft")


def _facts(row: UserNft, seen: _Seen) -> NftFacts:
    """`issue` is the request that made the NFT: for an unlocked one, the NFT itself."""
    made_by: UpgradeRequest | None = getattr(row, "made_by", None)
    issue = made_by.id if made_by else row.id
    account = seen.mints.get(row.mint_address)
    return NftFacts(judge_mint(account, issue=issue), is_held=row.id in seen.holders)


async def _look(chain: SolanaClient, rows: Sequence[UserNft]) -> _Seen:
    """An NFT that its wallet keeps in an unusual account costs a call of its own."""
    mints = await _look_at_mints(chain, [row.mint_address for row in rows])
    homes: dict[str, TokenAccount] = {}
    for part in _parts([_home(row) for row in rows if row.user.wallet_address]):
        found = zip(part, await chain.token_accounts(part), strict=True)
        homes |= {address: account for address, account in found if account is not None}
    holders = {row.id for row in rows if _is_home(row, homes)}
    for row in rows:
        wallet, mint = row.user.wallet_address, mints.get(row.mint_address)
        if row.id in holders or not wallet or row.status not in _HELD:
            continue
        if isinstance(mint, MintAccount) and await chain.holds(wallet, mint.address):
            holders.add(row.id)
    return _Seen(mints, frozenset(holders))


def _home(row: UserNft) -> str:
    return home_of(row.user.wallet_address or "", row.mint_address)


def _is_home(row: UserNft, homes: dict[str, TokenAccount]) -> bool:
    wallet = row.user.wallet_address
    home = homes.get(_home(row)) if wallet else None
    return home is not None and (home.owner, home.amount) == (wallet, 1)


async def _look_at_mints(
    chain: SolanaClient, addresses: Sequence[str]
) -> dict[str, MintAccount | ForeignAccount]:
    await require_our_cluster(chain)
    found: dict[str, MintAccount | ForeignAccount] = {}
    for part in _parts(addresses):
        found |= await chain.accounts(part)
    return found


def _parts(addresses: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(addresses), ACCOUNTS_A_CALL):
        yield addresses[start : start + ACCOUNTS_A_CALL]
