"""What a wallet does: sign, send, look."""

import base64
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import httpx
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from chain import nft
from chain.localnet.process import LocalnetProcess
from chain.records import Blockhash
from tests.plain_http import NO_TLS

SOL = 10**9


def ask(net: LocalnetProcess, method: str, *params: Any) -> dict[str, Any]:
    """The whole reply, errors included."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    reply: dict[str, Any] = httpx.post(
        net.rpc_url, json=request, verify=NO_TLS, trust_env=False
    ).json()
    return reply


def funded(net: LocalnetProcess, lamports: int = 10 * SOL) -> Keypair:
    """A wallet whose money is final."""
    wallet = Keypair()
    net.airdrop(str(wallet.pubkey()), lamports)
    net.finalize()
    return wallet


def latest(net: LocalnetProcess, commitment: str = "finalized") -> Blockhash:
    value = net.call("getLatestBlockhash", {"commitment": commitment})["value"]
    return Blockhash(value["blockhash"], value["lastValidBlockHeight"])


def payment(
    payer: Keypair, to: Pubkey, lamports: int, blockhash: Blockhash
) -> VersionedTransaction:
    gift = transfer(TransferParams(from_pubkey=payer.pubkey(), to_pubkey=to, lamports=lamports))
    return signed([gift], [payer], blockhash)


def signed(
    instructions: Sequence[Instruction], signers: Sequence[Keypair], blockhash: Blockhash
) -> VersionedTransaction:
    recent = Hash.from_string(blockhash.value)
    message = MessageV0.try_compile(signers[0].pubkey(), list(instructions), [], recent)
    return VersionedTransaction(message, list(signers))


def wire(transaction: VersionedTransaction | bytes) -> str:
    return base64.b64encode(bytes(transaction)).decode()


def send(net: LocalnetProcess, transaction: VersionedTransaction | bytes, **options: Any) -> str:
    signature: str = net.call("sendTransaction", wire(transaction), options_of(options))
    return signature


def refused(
    net: LocalnetProcess, transaction: VersionedTransaction | bytes, **options: Any
) -> dict[str, Any]:
    """The error of a send that must fail."""
    error: dict[str, Any] = ask(net, "sendTransaction", wire(transaction), options_of(options))[
        "error"
    ]
    return error


def options_of(options: dict[str, Any]) -> dict[str, Any]:
    return {"encoding": "base64", **options}


def balance(net: LocalnetProcess, address: Pubkey, commitment: str = "processed") -> int:
    lamports: int = net.call("getBalance", str(address), {"commitment": commitment})["value"]
    return lamports


def status(net: LocalnetProcess, signature: str) -> Any:
    return net.call("getSignatureStatuses", [signature])["value"][0]


def minted(net: LocalnetProcess, payer: Keypair, owner: Pubkey) -> tuple[str, str]:
    """(mint address, signature) of a real Token-2022 NFT."""
    name, symbol, uri = "Ape", "AIW3", "https://nft.example.org/1.json"
    fields = {"tier": "1", "issue": str(uuid4())}
    space = nft.mint_space(name=name, symbol=symbol, uri=uri, fields=fields)
    mint = Keypair()
    transaction = nft.build_mint(
        payer=payer,
        mint=mint,
        owner=str(owner),
        name=name,
        symbol=symbol,
        uri=uri,
        fields=fields,
        rent_lamports=net.call("getMinimumBalanceForRentExemption", space),
        blockhash=latest(net),
    )
    return str(mint.pubkey()), send(net, transaction.raw)


def burned(net: LocalnetProcess, owner: Keypair, mint: str, memo: str) -> str:
    unsigned = nft.build_burn(
        wallet=str(owner.pubkey()), mint=mint, memo=memo, blockhash=latest(net)
    )
    message = VersionedTransaction.from_bytes(unsigned.raw).message
    return send(net, VersionedTransaction(message, [owner]))
