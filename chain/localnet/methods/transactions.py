"""Sending, simulating and finding transactions."""

import json
from typing import Any

from chain.localnet import submission
from chain.localnet.accounts_json import account_json, read_encoding
from chain.localnet.encoding import decode_packet
from chain.localnet.errors import INTERNAL_ERROR, RpcError, invalid_params
from chain.localnet.ledger import Ledger
from chain.localnet.messages import parse_transaction
from chain.localnet.params import Config, Params, read_pubkey, read_signature
from chain.localnet.receipts import inner_instructions, return_data
from chain.localnet.service import Localnet
from chain.localnet.storage import StoredTransaction
from chain.localnet.transactions_json import transaction_json

from .table import Method, Table, with_context

MAX_STATUSES = 256
MAX_SIGNATURES = 1_000
STATUS_CACHE_SLOTS = 300  # older ones only with searchTransactionHistory


def send_transaction(net: Localnet, params: Params) -> str:
    config = params.config(1)
    raw = decode_packet(params.text(0), config.text("encoding", "base58"))
    skip = config.flag("skipPreflight")
    preflight = config.commitment("preflightCommitment")
    Config({**config.values, "commitment": preflight}).view(net.ledger)
    signature, landed = submission.send(net.ledger, raw, preflight=None if skip else preflight)
    net.announce(landed)
    return signature


def simulate_transaction(net: Localnet, params: Params) -> dict[str, Any]:
    config = params.config(1)
    slot = config.view(net.ledger)
    verify, replace = config.flag("sigVerify"), config.flag("replaceRecentBlockhash")
    if verify and replace:
        raise invalid_params("sigVerify may not be used with replaceRecentBlockhash")
    raw = decode_packet(params.text(0), config.text("encoding", "base58"))
    transaction = parse_transaction(raw)
    if verify:
        submission.check_signatures(transaction)
    done = submission.simulate(
        net.ledger, transaction, commitment=config.commitment(), check_blockhash=not replace
    )
    return with_context(slot, _simulated(net.ledger, config, done, slot, replace))


def request_airdrop(net: Localnet, params: Params) -> str:
    lamports = params.integer(1, low=1)
    params.config(2).view(net.ledger)
    if lamports > net.airdrop_cap:
        raise RpcError(
            INTERNAL_ERROR,
            f"airdrop request failed: at most {net.airdrop_cap} lamports may be requested at once",
        )
    signature, landed = submission.airdrop(net.ledger, params.pubkey(0), lamports)
    net.announce(landed)
    return signature


def get_signature_statuses(net: Localnet, params: Params) -> dict[str, Any]:
    signatures = [read_signature(value) for value in params.items(0, most=MAX_STATUSES)]
    everything = params.config(1).flag("searchTransactionHistory")
    oldest = 0 if everything else net.ledger.slot - STATUS_CACHE_SLOTS
    found = [net.ledger.storage.transaction(signature) for signature in signatures]
    statuses = [
        None if each is None or each.slot < oldest else _status(net.ledger, each) for each in found
    ]
    return with_context(net.ledger.slot, statuses)


def get_signatures_for_address(net: Localnet, params: Params) -> list[dict[str, Any]]:
    config = params.config(1)
    config.settled_commitment()
    found = net.ledger.storage.mentioning(
        params.pubkey(0),
        up_to_slot=config.view(net.ledger),
        before=config.signature("before"),
        until=config.signature("until"),
        limit=config.integer("limit", low=1, high=MAX_SIGNATURES) or MAX_SIGNATURES,
    )
    return [
        {
            "signature": each.signature,
            "slot": each.slot,
            "err": each.error,
            "memo": each.memo,
            "blockTime": each.unix_time,
            "confirmationStatus": net.ledger.commitment_of(each.slot),
        }
        for each in found
    ]


def get_transaction(net: Localnet, params: Params) -> dict[str, Any] | None:
    config = params.encoding_or_config(1)
    slot = net.ledger.slot_at(config.settled_commitment())
    max_version = config.integer("maxSupportedTransactionVersion", high=255)
    stored = net.ledger.storage.transaction(params.signature(0))
    if stored is None or stored.slot > slot:
        return None
    return transaction_json(
        stored, encoding=config.text("encoding", "json"), max_version=max_version
    )


def _status(ledger: Ledger, stored: StoredTransaction) -> dict[str, Any]:
    commitment = ledger.commitment_of(stored.slot)
    meta = json.loads(stored.meta)
    return {
        "slot": stored.slot,
        "confirmations": None if commitment == "finalized" else ledger.slot - stored.slot,
        "err": meta["err"],
        "status": meta["status"],
        "confirmationStatus": commitment,
    }


def _simulated(
    ledger: Ledger, config: Config, done: submission.Simulation, slot: int, replaced: bool
) -> dict[str, Any]:
    meta = None if done.outcome is None else done.outcome.meta()
    inner = None
    if meta is not None and config.flag("innerInstructions"):
        inner = inner_instructions(meta)
    replacement = {
        "blockhash": str(ledger.blockhash_at(slot)),
        "lastValidBlockHeight": ledger.last_valid_height(slot),
    }
    return {
        "err": done.error,
        "logs": done.logs,
        "accounts": _simulated_accounts(ledger, config, done, slot),
        "unitsConsumed": done.units,
        "returnData": None if meta is None else return_data(meta),
        "innerInstructions": inner,
        "replacementBlockhash": replacement if replaced else None,
    }


def _simulated_accounts(
    ledger: Ledger, config: Config, done: submission.Simulation, slot: int
) -> list[Any] | None:
    """The accounts asked for, as the simulation left them; null for each after an error."""
    wanted = config.part("accounts")
    if wanted is None:
        return None
    addresses = [read_pubkey(each) for each in wanted.list("addresses", most=len(done.keys.all))]
    encoding = read_encoding(wanted, "base64")
    if done.error is not None:
        return [None for _ in addresses]
    shown: list[Any] = []
    for address in addresses:
        account = done.after(address) or ledger.account(address, at_slot=slot)
        shown.append(
            account
            and account_json(ledger, account, encoding=encoding, at_slot=slot, data_slice=None)
        )
    return shown


TRANSACTION_METHODS: Table = {
    "sendTransaction": Method(send_transaction, 2),
    "simulateTransaction": Method(simulate_transaction, 2),
    "requestAirdrop": Method(request_airdrop, 3),
    "getSignatureStatuses": Method(get_signature_statuses, 2),
    "getSignaturesForAddress": Method(get_signatures_for_address, 2),
    "getTransaction": Method(get_transaction, 2),
}
