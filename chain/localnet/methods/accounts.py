"""Accounts and their bytes."""

from typing import Any

from solders.account import Account

from chain.localnet.accounts_json import account_json, read_encoding
from chain.localnet.encoding import from_base58
from chain.localnet.errors import invalid_params
from chain.localnet.params import Config, Params, read_pubkey
from chain.localnet.service import Localnet

from .table import Method, Table, with_context

MAX_ACCOUNTS = 100
MAX_FILTERS = 4


def get_balance(net: Localnet, params: Params) -> dict[str, Any]:
    slot = params.config(1).view(net.ledger)
    account = net.ledger.account(params.pubkey(0), at_slot=slot)
    return with_context(slot, 0 if account is None else account.lamports)


def get_account_info(net: Localnet, params: Params) -> dict[str, Any]:
    config = params.config(1)
    slot = config.view(net.ledger)
    account = net.ledger.account(params.pubkey(0), at_slot=slot)
    return with_context(slot, _shown(net, account, config, slot, "binary"))


def get_multiple_accounts(net: Localnet, params: Params) -> dict[str, Any]:
    config = params.config(1)
    slot = config.view(net.ledger)
    keys = [read_pubkey(value) for value in params.items(0, most=MAX_ACCOUNTS)]
    accounts = [net.ledger.account(key, at_slot=slot) for key in keys]
    return with_context(slot, [_shown(net, each, config, slot, "base64") for each in accounts])


def get_program_accounts(net: Localnet, params: Params) -> Any:
    config = params.config(1)
    slot = config.view(net.ledger)
    wanted = [_read_filter(value) for value in config.list("filters", most=MAX_FILTERS)]
    found = [
        {"pubkey": str(address), "account": _shown(net, account, config, slot, "binary")}
        for address, account in net.ledger.accounts_of_program(params.pubkey(0), at_slot=slot)
        if all(_passes(account, each) for each in wanted)
    ]
    return with_context(slot, found) if config.flag("withContext") else found


def _shown(
    net: Localnet, account: Account | None, config: Config, slot: int, default: str
) -> dict[str, Any] | None:
    encoding = read_encoding(config, default)
    cut = config.part("dataSlice")
    if account is None:
        return None
    return account_json(net.ledger, account, encoding=encoding, at_slot=slot, data_slice=cut)


def _read_filter(value: Any) -> tuple[int | None, int, bytes]:
    """(exact size, offset, bytes that must be at that offset)."""
    if not isinstance(value, dict):
        raise invalid_params("Invalid params: a filter must be an object")
    config = Config(value)
    if (size := config.integer("dataSize")) is not None:
        return size, 0, b""
    compare = config.part("memcmp")
    if compare is None or compare.text("encoding", "base58") != "base58":
        raise invalid_params("Invalid params: filters are dataSize, or memcmp in base58")
    try:
        return None, compare.integer("offset") or 0, from_base58(compare.text("bytes", ""))
    except ValueError as error:
        raise invalid_params(f"Invalid params: {error}") from error


def _passes(account: Account, wanted: tuple[int | None, int, bytes]) -> bool:
    size, offset, part = wanted
    data = account.data
    return data[offset : offset + len(part)] == part and (size is None or len(data) == size)


ACCOUNT_METHODS: Table = {
    "getBalance": Method(get_balance, 2),
    "getAccountInfo": Method(get_account_info, 2),
    "getMultipleAccounts": Method(get_multiple_accounts, 2),
    "getProgramAccounts": Method(get_program_accounts, 2),
}
