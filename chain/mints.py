"""Whose account stands at an address that we derived for a request?"""

from enum import Enum
from uuid import UUID

from chain.records import ForeignAccount, MintAccount
from chain.token2022 import METADATA_POINTER, TOKEN_METADATA


class MintVerdict(Enum):
    ABSENT = "absent"  # nothing there, or only lamports that somebody sent: we may mint
    OURS_LIVE = "ours_live"
    OURS_BURNED = "ours_burned"  # minted by us, and already burned by its owner
    FOREIGN = "foreign"


def judge_mint(account: MintAccount | ForeignAccount | None, *, issue: UUID) -> MintVerdict:
    """`issue` is the id of the request that the address was derived for."""
    if account is None:
        return MintVerdict.ABSENT
    if isinstance(account, ForeignAccount):
        return MintVerdict.ABSENT if account.is_only_funded else MintVerdict.FOREIGN
    if account.issue != issue or not _is_as_we_make_it(account):
        return MintVerdict.FOREIGN
    return MintVerdict.OURS_LIVE if account.supply else MintVerdict.OURS_BURNED


def _is_as_we_make_it(account: MintAccount) -> bool:
    authorities = (account.mint_authority, account.freeze_authority, account.update_authority)
    return (
        account.decimals == 0
        and account.supply <= 1
        and authorities == (None, None, None)
        and account.extensions == (METADATA_POINTER, TOKEN_METADATA)
    )
