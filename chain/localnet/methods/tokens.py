"""Mints and who holds them."""

from typing import Any

from solders.account import Account
from solders.pubkey import Pubkey

from chain.localnet.accounts_json import account_json, read_encoding
from chain.localnet.encoding import ui_amount
from chain.localnet.errors import invalid_params
from chain.localnet.params import Params, read_pubkey
from chain.localnet.service import Localnet
from chain.localnet.tokens import PROGRAMS, Mint, parse_holding, parse_mint

from .table import Method, Table, with_context

MOST_HOLDERS = 20


def get_token_supply(net: Localnet, params: Params) -> dict[str, Any]:
    slot = params.config(1).view(net.ledger)
    mint = _mint(net, params.pubkey(0), slot)
    return with_context(slot, ui_amount(mint.supply, mint.decimals))


def get_token_account_balance(net: Localnet, params: Params) -> dict[str, Any]:
    slot = params.config(1).view(net.ledger)
    account = net.ledger.account(params.pubkey(0), at_slot=slot)
    if account is None:
        raise invalid_params("Invalid param: could not find account")
    holding = parse_holding(account)
    if holding is None:
        raise invalid_params("Invalid param: not a Token account")
    decimals = _mint(net, holding.mint, slot).decimals
    return with_context(slot, ui_amount(holding.amount, decimals))


def get_token_accounts_by_owner(net: Localnet, params: Params) -> dict[str, Any]:
    config = params.config(2)
    slot, encoding = config.view(net.ledger), read_encoding(config)
    program, mint = _read_filter(net, params, slot)
    found = []
    for address in net.ledger.tokens.of_owner(params.pubkey(0)):
        account = net.ledger.account(address, at_slot=slot)
        if account is not None and _matches(account, params.pubkey(0), program, mint):
            shown = account_json(
                net.ledger,
                account,
                encoding=encoding,
                at_slot=slot,
                data_slice=config.part("dataSlice"),
            )
            found.append({"pubkey": str(address), "account": shown})
    return with_context(slot, found)


def get_token_largest_accounts(net: Localnet, params: Params) -> dict[str, Any]:
    slot, address = params.config(1).view(net.ledger), params.pubkey(0)
    decimals = _mint(net, address, slot).decimals
    holdings = []
    for holder in net.ledger.tokens.of_mint(address):
        holding = parse_holding(net.ledger.account(holder, at_slot=slot))
        if holding is not None and holding.mint == address:
            holdings.append((holding.amount, holder))
    holdings.sort(key=lambda each: (-each[0], str(each[1])))
    return with_context(
        slot,
        [
            {"address": str(holder), **ui_amount(amount, decimals)}
            for amount, holder in holdings[:MOST_HOLDERS]
        ],
    )


def _mint(net: Localnet, address: Pubkey, slot: int) -> Mint:
    account = net.ledger.account(address, at_slot=slot)
    if account is None:
        raise invalid_params("Invalid param: could not find account")
    mint = parse_mint(account)
    if mint is None:
        raise invalid_params("Invalid param: not a Token mint")
    return mint


def _read_filter(net: Localnet, params: Params, slot: int) -> tuple[Pubkey | None, Pubkey | None]:
    """(token program, mint): exactly one of them."""
    chosen = params.config(1, required=True).values
    if set(chosen) == {"programId"}:
        program = read_pubkey(chosen["programId"])
        if program not in PROGRAMS:
            raise invalid_params("Invalid param: unrecognized Token program id")
        return program, None
    if set(chosen) == {"mint"}:
        mint = read_pubkey(chosen["mint"])
        if parse_mint(net.ledger.account(mint, at_slot=slot)) is None:
            raise invalid_params("Invalid param: could not find mint")
        return None, mint
    raise invalid_params("Invalid params: give either mint or programId")


def _matches(account: Account, owner: Pubkey, program: Pubkey | None, mint: Pubkey | None) -> bool:
    holding = parse_holding(account)
    return (
        holding is not None
        and holding.owner == owner
        and (program is None or account.owner == program)
        and (mint is None or holding.mint == mint)
    )


TOKEN_METHODS: Table = {
    "getTokenSupply": Method(get_token_supply, 2),
    "getTokenAccountBalance": Method(get_token_account_balance, 2),
    "getTokenAccountsByOwner": Method(get_token_accounts_by_owner, 3),
    "getTokenLargestAccounts": Method(get_token_largest_accounts, 2),
}
