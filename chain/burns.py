"""Does this finalized transaction prove that the wallet's owner burned this NFT?

Pure rules over what the chain said. Every one of them must hold; the first that does not
names the reason.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chain.errors import ChainRejected, ChainUnavailable
from chain.nft import parse_burn_memo
from chain.records import (
    TOKEN_2022,
    BurnProof,
    ConfirmedTransaction,
    Instruction,
    MintAccount,
    TokenBalance,
)
from chain.token2022 import BATCH, BURN, BURN_CHECKED

FAILED_ON_CHAIN = "BURN_FAILED_ON_CHAIN"


@dataclass(frozen=True, slots=True)
class _Burn:
    account: str
    mint: str
    authority: str
    amount: int


def judge_burn(
    transaction: ConfirmedTransaction,
    *,
    mint: str,
    wallet: str,
    mint_account: MintAccount,
    not_before_slot: int,
) -> BurnProof:
    """Both records must be read at `finalized`, the mint account not before the transaction.

    Raises ChainRejected with the rule that failed, or ChainUnavailable("STALE_READ") when the
    mint account is older than the transaction, so that it says nothing about it. That the
    mint is one of ours and that the proof is used once is for the caller's database to say.
    """
    _check_transaction(transaction, not_before_slot)
    burn = _find_burn(transaction, mint)
    _check_wallet(transaction, burn, wallet)
    _check_holdings(transaction, burn, wallet)
    _check_mint(transaction, mint, mint_account)
    request_ids = (parse_burn_memo(memo) for memo in transaction.memos)
    return BurnProof(
        signature=transaction.signature,
        slot=transaction.slot,
        mint=mint,
        wallet=wallet,
        block_time=transaction.block_time,
        memos=transaction.memos,
        request_ids=tuple(dict.fromkeys(found for found in request_ids if found)),
    )


def judge_reviewed_burn(
    transaction: ConfirmedTransaction, *, mint: str, wallet: str, mint_account: MintAccount
) -> BurnProof:
    """What no operator can waive: the transaction burned the NFT, which is gone for ever.

    By whom and when is theirs to decide, so the proof names no request. Raises like
    `judge_burn`.
    """
    _check_transaction(transaction, not_before_slot=0)
    _find_burn(transaction, mint)
    _check_mint(transaction, mint, mint_account)
    return BurnProof(
        signature=transaction.signature,
        slot=transaction.slot,
        mint=mint,
        wallet=wallet,
        block_time=transaction.block_time,
        memos=transaction.memos,
        request_ids=(),
    )


def _check_transaction(transaction: ConfirmedTransaction, not_before_slot: int) -> None:
    if transaction.error is not None:
        raise ChainRejected(FAILED_ON_CHAIN, "The burn transaction failed on chain.")
    if transaction.slot < not_before_slot:
        raise ChainRejected("BURN_TOO_EARLY", "The burn is older than the upgrade request.")


def _find_burn(transaction: ConfirmedTransaction, mint: str) -> _Burn:
    """The one burn of exactly one token of this mint. There can be no second: the supply is 1."""
    burns = list(_burns(transaction.instructions))
    if not burns:
        raise ChainRejected("BURN_NOT_FOUND", "The transaction does not burn anything.")
    ours = [burn for burn in burns if burn.mint == mint]
    if not ours:
        raise ChainRejected("BURN_WRONG_MINT", "The transaction burns another token.")
    for burn in ours:
        if burn.amount == 1:
            return burn
    raise ChainRejected("BURN_WRONG_AMOUNT", "The transaction does not burn exactly one token.")


def _check_wallet(transaction: ConfirmedTransaction, burn: _Burn, wallet: str) -> None:
    """A delegate can burn too; only the owner's own signature counts."""
    signers = {key.address for key in transaction.account_keys if key.is_signer}
    if burn.authority != wallet:
        before = transaction.pre_token_balances
        if any((it.account, it.owner) == (burn.account, wallet) for it in before):
            raise ChainRejected("BURN_BY_DELEGATE", "Another key than the wallet's burned the NFT.")
        raise ChainRejected("BURN_WRONG_WALLET", "Another wallet burned the NFT.")
    if wallet not in signers:
        raise ChainRejected("BURN_NOT_SIGNED", "The NFT's wallet did not sign the burn.")


def _check_holdings(transaction: ConfirmedTransaction, burn: _Burn, wallet: str) -> None:
    """A wallet may sign as somebody's delegate, or pass the NFT through for a moment."""
    before = _held(transaction.pre_token_balances, burn.mint, wallet)
    after = _held(transaction.post_token_balances, burn.mint, wallet)
    if before != 1 or after != 0:
        raise ChainRejected("BURN_NOT_HELD", "The wallet did not hold the NFT it burned.")


def _held(balances: Iterable[TokenBalance], mint: str, wallet: str) -> int:
    """Over all the wallet's accounts; one that is not listed holds nothing."""
    ours = (balance for balance in balances if (balance.mint, balance.owner) == (mint, wallet))
    return sum(balance.amount for balance in ours)


def _check_mint(transaction: ConfirmedTransaction, mint: str, account: MintAccount) -> None:
    if account.address != mint:
        raise ChainRejected("BURN_WRONG_MINT", "The mint account is not the burned NFT's.")
    if account.slot is not None and account.slot < transaction.slot:
        raise ChainUnavailable("STALE_READ", "The mint account was read before the burn.")
    if account.mint_authority is not None:
        raise ChainRejected("MINT_AUTHORITY_REMAINS", "The NFT could be minted again.")
    if account.supply != 0:
        raise ChainRejected("BURN_SUPPLY_REMAINS", "The NFT still exists.")


def _burns(instructions: Iterable[Instruction]) -> Iterator[_Burn]:
    for instruction in instructions:
        if instruction.program != TOKEN_2022 or not instruction.data:
            continue
        parts = _unpack(instruction) if instruction.data[0] == BATCH else [instruction]
        for part in parts:
            burn = _read(part)
            if burn is not None:
                yield burn


def _read(instruction: Instruction) -> _Burn | None:
    """Burn: kind, amount (u64). BurnChecked: kind, amount, decimals. Accounts: token account,
    mint, authority, then a multisig's signers."""
    data, accounts = instruction.data, instruction.accounts
    if len(data) < 9 or len(accounts) < 3 or data[0] not in (BURN, BURN_CHECKED):
        return None
    return _Burn(accounts[0], accounts[1], accounts[2], int.from_bytes(data[1:9], "little"))


def _unpack(batch: Instruction) -> Iterator[Instruction]:
    """Token-2022's Batch carries several instructions: (accounts u8, length u8, data), …"""
    data, accounts = batch.data[1:], batch.accounts
    while len(data) >= 2:
        count, length = data[0], data[1]
        yield Instruction(batch.program, accounts[:count], data[2 : 2 + length])
        data, accounts = data[2 + length :], accounts[count:]
