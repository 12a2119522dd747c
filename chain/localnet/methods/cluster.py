"""Slots, blockhashes, fees, and who this is."""

from typing import Any

from solders.errors import BincodeError
from solders.message import from_bytes_versioned

from chain.localnet.encoding import decode_packet
from chain.localnet.errors import invalid_params
from chain.localnet.params import Params
from chain.localnet.service import Localnet

from .table import API_VERSION, Method, Table, with_context

SLOTS_AN_EPOCH = 432_000
LAMPORTS_A_SIGNATURE = 5_000


def get_version(_net: Localnet, _params: Params) -> dict[str, Any]:
    return {"solana-core": API_VERSION, "feature-set": 0}


def get_genesis_hash(net: Localnet, _params: Params) -> str:
    return str(net.ledger.genesis_hash)


def get_health(_net: Localnet, _params: Params) -> str:
    return "ok"


def get_identity(net: Localnet, _params: Params) -> dict[str, str]:
    return {"identity": str(net.ledger.faucet.pubkey())}


def get_slot(net: Localnet, params: Params) -> int:
    return params.config(0).view(net.ledger)


def get_block_height(net: Localnet, params: Params) -> int:
    config = params.config(0)
    config.view(net.ledger)
    return net.ledger.height_at(config.commitment())


def get_block_time(net: Localnet, params: Params) -> int | None:
    block = net.ledger.block_at(params.integer(0))
    return None if block is None else block.unix_time


def get_epoch_info(net: Localnet, params: Params) -> dict[str, int]:
    config = params.config(0)
    slot = config.view(net.ledger)
    return {
        "absoluteSlot": slot,
        "blockHeight": net.ledger.height_at(config.commitment()),
        "epoch": slot // SLOTS_AN_EPOCH,
        "slotIndex": slot % SLOTS_AN_EPOCH,
        "slotsInEpoch": SLOTS_AN_EPOCH,
        "transactionCount": net.ledger.storage.count_transactions(),
    }


def get_first_available_block(net: Localnet, _params: Params) -> int:
    return net.ledger.first_slot


def get_transaction_count(net: Localnet, params: Params) -> int:
    params.config(0).view(net.ledger)
    return net.ledger.storage.count_transactions()


def get_latest_blockhash(net: Localnet, params: Params) -> dict[str, Any]:
    slot = params.config(0).view(net.ledger)
    value = {
        "blockhash": str(net.ledger.blockhash_at(slot)),
        "lastValidBlockHeight": net.ledger.last_valid_height(slot),
    }
    return with_context(slot, value)


def is_blockhash_valid(net: Localnet, params: Params) -> dict[str, Any]:
    slot = params.config(1).view(net.ledger)
    valid = net.ledger.accepts_blockhash(params.blockhash(0), at_slot=slot)
    return with_context(slot, valid)


def get_rent_exemption(net: Localnet, params: Params) -> int:
    params.config(1).view(net.ledger)
    size = params.integer(0, high=10 * 1024 * 1024)
    return net.ledger.svm.minimum_balance_for_rent_exemption(size)


def get_fee_for_message(net: Localnet, params: Params) -> dict[str, Any]:
    """Base fees only: priority fees are not charged for here."""
    slot = params.config(1).view(net.ledger)
    try:
        message = from_bytes_versioned(decode_packet(params.text(0), "base64"))
    except (ValueError, BincodeError) as error:
        raise invalid_params(f"failed to deserialize message: {error}") from error
    if not net.ledger.accepts_blockhash(message.recent_blockhash, at_slot=slot):
        return with_context(slot, None)
    return with_context(slot, LAMPORTS_A_SIGNATURE * message.header.num_required_signatures)


def get_recent_prioritization_fees(net: Localnet, params: Params) -> list[dict[str, int]]:
    if params.values:
        params.items(0, most=128)
    return [{"slot": net.ledger.slot_at("finalized"), "prioritizationFee": 0}]


CLUSTER_METHODS: Table = {
    "getVersion": Method(get_version, 0),
    "getGenesisHash": Method(get_genesis_hash, 0),
    "getHealth": Method(get_health, 0),
    "getIdentity": Method(get_identity, 0),
    "getSlot": Method(get_slot, 1),
    "getBlockHeight": Method(get_block_height, 1),
    "getBlockTime": Method(get_block_time, 1),
    "getEpochInfo": Method(get_epoch_info, 1),
    "getFirstAvailableBlock": Method(get_first_available_block, 0),
    "minimumLedgerSlot": Method(get_first_available_block, 0),
    "getTransactionCount": Method(get_transaction_count, 1),
    "getLatestBlockhash": Method(get_latest_blockhash, 1),
    "isBlockhashValid": Method(is_blockhash_valid, 2),
    "getMinimumBalanceForRentExemption": Method(get_rent_exemption, 2),
    "getFeeForMessage": Method(get_fee_for_message, 2),
    "getRecentPrioritizationFees": Method(get_recent_prioritization_fees, 1),
}
