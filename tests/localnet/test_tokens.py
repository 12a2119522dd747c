"""Real NFTs through solana-py's client: every reply must be one that its parser takes."""

import json
import struct

import pytest
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed, Finalized
from solana.rpc.models import TokenAccountOpts
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import ID as SYSTEM_PROGRAM
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction
from spl.token.instructions import get_associated_token_address

from chain.localnet.messages import LOOKUP_TABLE_PROGRAM
from chain.localnet.process import LocalnetProcess
from chain.localnet.tokens import TOKEN_2022
from tests.localnet.wallets import (
    SOL,
    ask,
    balance,
    burned,
    funded,
    latest,
    minted,
    refused,
    send,
    signed,
)

MEMO = "aiw3:upgrade:0198c0de-0000-7000-8000-000000000001"


async def test_the_holder_of_an_nft_is_found_until_it_is_burned(
    net: LocalnetProcess, client: AsyncClient
):
    owner = funded(net)
    mint, _ = minted(net, funded(net), owner.pubkey())
    net.finalize()
    address = get_associated_token_address(owner.pubkey(), Pubkey.from_string(mint), TOKEN_2022)
    for options in (
        TokenAccountOpts(mint=Pubkey.from_string(mint)),
        TokenAccountOpts(program_id=TOKEN_2022),
    ):
        plain = await client.get_token_accounts_by_owner(owner.pubkey(), options)
        parsed = await client.get_token_accounts_by_owner_json_parsed(owner.pubkey(), options)
        assert [each.pubkey for each in plain.value] == [address]
        info = json.loads(parsed.to_json())["result"]["value"][0]["account"]["data"]["parsed"][
            "info"
        ]
        assert (info["mint"], info["tokenAmount"]["amount"]) == (mint, "1")
    held = await client.get_token_account_balance(address)
    assert held.value.amount == "1"
    largest = await client.get_token_largest_accounts(Pubkey.from_string(mint))
    assert [(each.address, each.amount.amount) for each in largest.value] == [(address, "1")]

    burned(net, owner, mint, MEMO)
    net.tick()
    options = TokenAccountOpts(mint=Pubkey.from_string(mint))
    confirmed = await client.get_token_accounts_by_owner(owner.pubkey(), options, Confirmed)
    final = await client.get_token_accounts_by_owner(owner.pubkey(), options, Finalized)
    assert (len(confirmed.value), len(final.value)) == (0, 1)
    supply = await client.get_token_supply(Pubkey.from_string(mint), Confirmed)
    assert supply.value.amount == "0"


async def test_a_mint_and_its_burn_show_token_balances_and_inner_instructions(
    net: LocalnetProcess, client: AsyncClient
):
    owner = funded(net)
    mint, signature = minted(net, funded(net), owner.pubkey())
    net.finalize()
    minting = json.loads(
        (
            await client.get_transaction(Signature.from_string(signature), "json", Finalized, 0)
        ).to_json()
    )["result"]["meta"]
    assert minting["preTokenBalances"] == []
    assert [each["uiTokenAmount"]["amount"] for each in minting["postTokenBalances"]] == ["1"]
    assert minting["postTokenBalances"][0]["owner"] == str(owner.pubkey())
    assert minting["innerInstructions"][0]["instructions"][0]["stackHeight"] == 2

    burn = burned(net, owner, mint, MEMO)
    net.finalize()
    burning = net.call("getTransaction", burn, {"maxSupportedTransactionVersion": 0})
    assert [each["mint"] for each in burning["meta"]["preTokenBalances"]] == [mint]
    assert burning["meta"]["postTokenBalances"] == []
    listed = net.call("getSignaturesForAddress", mint)
    assert [each["signature"] for each in listed] == [burn, signature]
    assert listed[0]["memo"] == f"[{len(MEMO)}] {MEMO}"


@pytest.mark.parametrize("encoding", ["json", "jsonParsed", "base64", "base58"])
async def test_solana_py_reads_a_burn_in_every_encoding(
    net: LocalnetProcess, client: AsyncClient, encoding: str
):
    owner = funded(net)
    mint, _ = minted(net, funded(net), owner.pubkey())
    net.finalize()
    signature = Signature.from_string(burned(net, owner, mint, MEMO))
    net.finalize()
    reply = await client.get_transaction(signature, encoding, Finalized, 0)
    assert reply.value is not None
    assert reply.value.transaction.meta is not None
    assert reply.value.transaction.meta.err is None
    assert reply.value.transaction.version is not None


async def test_solana_py_reads_the_accounts(net: LocalnetProcess, client: AsyncClient):
    owner = funded(net)
    mint, _ = minted(net, funded(net), owner.pubkey())
    net.finalize()
    key = Pubkey.from_string(mint)
    account = (await client.get_account_info(key)).value
    assert account is not None
    assert account.owner == TOKEN_2022
    parsed = json.loads((await client.get_account_info_json_parsed(key)).to_json())
    assert parsed["result"]["value"]["data"]["parsed"]["info"]["supply"] == "1"
    several = (await client.get_multiple_accounts([key, Keypair().pubkey()])).value
    assert several[0] == account
    assert several[1] is None
    found = await client.get_program_accounts(
        TOKEN_2022, encoding="base64", filters=[len(account.data)]
    )
    assert key in [each.pubkey for each in found.value]


def test_large_accounts_need_base64_and_slices_are_cut(net: LocalnetProcess):
    owner = funded(net)
    mint, _ = minted(net, funded(net), owner.pubkey())
    net.finalize()
    assert ask(net, "getAccountInfo", mint)["error"]["code"] == -32600
    options = {"encoding": "base58", "dataSlice": {"offset": 36, "length": 8}}
    cut = net.call("getAccountInfo", mint, options)["value"]
    assert cut["data"] == ["Ahg1opVcGX", "base58"]  # the supply: 1 as a little-endian u64
    assert cut["space"] > 8


def test_unknown_mints_and_accounts_are_invalid_params(net: LocalnetProcess):
    nobody, wallet = str(Keypair().pubkey()), str(funded(net).pubkey())
    for method, params in (
        ("getTokenSupply", [nobody]),
        ("getTokenSupply", [wallet]),
        ("getTokenAccountBalance", [nobody]),
        ("getTokenAccountBalance", [wallet]),
        ("getTokenLargestAccounts", [nobody]),
        ("getTokenAccountsByOwner", [wallet, {"mint": nobody}]),
        ("getTokenAccountsByOwner", [wallet, {"programId": nobody}]),
        ("getTokenAccountsByOwner", [wallet, {}]),
        ("getTokenAccountsByOwner", [wallet]),
    ):
        assert ask(net, method, *params)["error"]["code"] == -32602, (method, params)


def test_accounts_from_a_lookup_table_are_resolved(net: LocalnetProcess):
    payer, to = funded(net), Keypair().pubkey()
    table = lookup_table(net, payer, to)
    gift = transfer(TransferParams(from_pubkey=payer.pubkey(), to_pubkey=to, lamports=SOL))
    recent = Hash.from_string(latest(net).value)
    message = MessageV0.try_compile(payer.pubkey(), [gift], [table], recent)
    assert to not in message.account_keys
    signature = send(net, VersionedTransaction(message, [payer]))
    net.finalize()
    assert balance(net, to, "finalized") == SOL
    options = {"maxSupportedTransactionVersion": 0}
    found = net.call("getTransaction", signature, options)
    assert found["meta"]["loadedAddresses"] == {"writable": [str(to)], "readonly": []}
    assert found["version"] == 0
    parsed = net.call("getTransaction", signature, {**options, "encoding": "jsonParsed"})
    assert {
        "pubkey": str(to),
        "signer": False,
        "writable": True,
        "source": "lookupTable",
    } in parsed["transaction"]["message"]["accountKeys"]
    listed = net.call("getSignaturesForAddress", str(to))
    assert [each["signature"] for each in listed] == [signature]
    assert ask(net, "getTransaction", signature)["error"]["code"] == -32015


def test_a_lookup_table_that_does_not_exist_is_refused(net: LocalnetProcess):
    payer, to = funded(net), Keypair().pubkey()
    table = AddressLookupTableAccount(Keypair().pubkey(), [to])
    gift = transfer(TransferParams(from_pubkey=payer.pubkey(), to_pubkey=to, lamports=SOL))
    recent = Hash.from_string(latest(net).value)
    message = MessageV0.try_compile(payer.pubkey(), [gift], [table], recent)
    raw = VersionedTransaction(message, [payer])
    assert refused(net, raw)["code"] == -32602
    send(net, raw, skipPreflight=True)
    assert balance(net, to) == 0


def lookup_table(net: LocalnetProcess, payer: Keypair, to: Pubkey) -> AddressLookupTableAccount:
    """A real table with one entry, made by the address lookup table program."""
    slot = net.call("getSlot")
    address, bump = Pubkey.find_program_address(
        [bytes(payer.pubkey()), slot.to_bytes(8, "little")], LOOKUP_TABLE_PROGRAM
    )
    accounts = [
        AccountMeta(address, is_signer=False, is_writable=True),
        AccountMeta(payer.pubkey(), is_signer=True, is_writable=False),
        AccountMeta(payer.pubkey(), is_signer=True, is_writable=True),
        AccountMeta(SYSTEM_PROGRAM, is_signer=False, is_writable=False),
    ]
    create = struct.pack("<IQB", 0, slot, bump)
    extend = struct.pack("<IQ", 2, 1) + bytes(to)
    steps = [Instruction(LOOKUP_TABLE_PROGRAM, data, accounts) for data in (create, extend)]
    send(net, signed(steps, [payer], latest(net)))
    net.finalize()
    return AddressLookupTableAccount(address, [to])
