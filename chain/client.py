"""The Solana client: what the application asks a node, answered in records.

Everything is read at `finalized`. One client never goes back in time: it asks each next
question with `minContextSlot` at the highest finalized slot it has seen, so that a node that
lags behind another one of the same provider answers "behind" instead of yesterday's state.
"""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from solders.transaction import VersionedTransaction

from chain.addresses import parse_address, parse_signature
from chain.background import run_in_background, shared_transport
from chain.errors import ChainRejected, ChainUnavailable, panics_as_unavailable
from chain.records import (
    Blockhash,
    ConfirmedTransaction,
    ForeignAccount,
    MintAccount,
    SignatureInfo,
    SignatureStatus,
    Simulation,
    Tip,
    TokenAccount,
)
from chain.replies import (
    expected_shape,
    read_account,
    read_hash,
    read_many_token_accounts,
    read_signature_info,
    read_simulation,
    read_status,
    read_token_accounts,
    read_transaction,
)
from chain.rpc import RpcTransport

T = TypeVar("T")

_FINALIZED = {"commitment": "finalized"}
_PAGE = 1000  # the most that a node gives at once
ACCOUNTS_A_CALL = 100  # likewise


class SolanaClient:
    """One line of questions over a transport.

    Every method raises ChainUnavailable (try again) or ChainRejected (final). `min_slot` is a
    finalized slot that the answers must know. Ask one after the other: answers that cross
    each other would look like a node that goes back in time.
    """

    def __init__(self, rpc: RpcTransport, *, min_slot: int = 0) -> None:
        self._rpc = rpc
        self._seen_slot = min_slot

    # --- the cluster

    async def genesis_hash(self) -> str:
        reply = await self._rpc.request("getGenesisHash", [])
        with expected_shape():
            return read_hash(reply)

    async def require_cluster(self, genesis_hash: str) -> None:
        """Raises ChainUnavailable("WRONG_CLUSTER"): an operator's mistake must never become a
        final verdict about somebody's burn."""
        if await self.genesis_hash() != genesis_hash:
            raise ChainUnavailable("WRONG_CLUSTER", "The node belongs to another cluster.")

    async def slot(self) -> int:
        reply = await self._rpc.request("getSlot", [self._config()])
        with expected_shape():
            slot = int(reply)
        self._go_to(slot)
        return slot

    async def block_height(self) -> int:
        return (await self.tip()).block_height

    async def tip(self) -> Tip:
        """Slot and block height of one moment, from getEpochInfo."""
        reply = await self._rpc.request("getEpochInfo", [self._config()])
        with expected_shape():
            tip = Tip(int(reply["absoluteSlot"]), int(reply["blockHeight"]))
        self._go_to(tip.slot)
        return tip

    async def latest_blockhash(self) -> Blockhash:
        value, _ = await self._read("getLatestBlockhash", [], self._config())
        with expected_shape():
            return Blockhash(read_hash(value["blockhash"]), int(value["lastValidBlockHeight"]))

    async def minimum_rent(self, space: int) -> int:
        """Lamports that an account of `space` bytes must hold."""
        params = [space, _FINALIZED]
        reply = await self._rpc.request("getMinimumBalanceForRentExemption", params)
        with expected_shape():
            return int(reply)

    # --- accounts

    async def balance(self, address: str) -> int:
        value, _ = await self._read("getBalance", [_address(address)], self._config())
        with expected_shape():
            return int(value)

    async def airdrop(self, address: str, lamports: int) -> str:
        """The signature of the faucet's transaction, on clusters that have a faucet."""
        return str(await self._rpc.request("requestAirdrop", [_address(address), lamports]))

    async def mint_account(self, address: str) -> MintAccount | ForeignAccount | None:
        """ForeignAccount: something exists here that is no Token-2022 mint."""
        config = {**self._config(), "encoding": "base64"}
        value, slot = await self._read("getAccountInfo", [_address(address)], config)
        with expected_shape():
            return read_account(value, address=address, slot=slot)

    async def accounts(self, addresses: Sequence[str]) -> dict[str, MintAccount | ForeignAccount]:
        """Those that exist, by address; at most `ACCOUNTS_A_CALL` at once."""
        config = {**self._config(), "encoding": "base64"}
        params = [[_address(address) for address in addresses]]
        value, slot = await self._read("getMultipleAccounts", params, config)
        with expected_shape():
            pairs = zip(addresses, value, strict=True)
            found = {key: read_account(item, address=key, slot=slot) for key, item in pairs}
        return {key: account for key, account in found.items() if account is not None}

    async def token_account(self, wallet: str, mint: str) -> str | None:
        """The wallet's token account that holds the NFT and can burn it."""
        params = [_address(wallet), {"mint": _address(mint)}]
        config = {**self._config(), "encoding": "base64"}
        value, _ = await self._read("getTokenAccountsByOwner", params, config)
        with expected_shape():
            accounts = read_token_accounts(value)
        for address, account in accounts.items():
            if (account.mint, account.owner) == (mint, wallet) and account.amount == 1:
                return None if account.frozen else address
        return None

    async def holds(self, wallet: str, mint: str) -> bool:
        return await self.token_account(wallet, mint) is not None

    async def token_accounts(self, addresses: Sequence[str]) -> list[TokenAccount | None]:
        """At most 100, in the order asked; None where there is no token account (any more)."""
        config = {**self._config(), "encoding": "base64"}
        params = [[_address(address) for address in addresses]]
        value, _ = await self._read("getMultipleAccounts", params, config)
        with expected_shape():
            return read_many_token_accounts(value, count=len(addresses))

    # --- transactions

    async def broadcast(self, raw: bytes, *, skip_preflight: bool = False) -> str:
        """Send and return the signature; sending the same bytes again is harmless.

        Success means only that the node took it. ChainRejected means that it would fail now.
        """
        signature = _signature_of(raw)
        config = {
            "encoding": "base64",
            "skipPreflight": skip_preflight,
            "preflightCommitment": "confirmed",  # where a finalized blockhash is always known
        }
        try:
            params = [base64.b64encode(raw).decode(), config]
            await self._rpc.request("sendTransaction", params)
        except ChainUnavailable as error:
            if error.code != "ALREADY_PROCESSED":
                raise
        return signature

    async def simulate(self, raw: bytes) -> Simulation:
        """What the transaction would do on the confirmed state, signed or not."""
        config = {
            "encoding": "base64",
            "commitment": "confirmed",
            "sigVerify": False,
            "replaceRecentBlockhash": True,
        }
        text = base64.b64encode(raw).decode()
        value, _ = await self._read("simulateTransaction", [text], config)
        with expected_shape():
            return read_simulation(value)

    async def recent_priority_fees(self, writable: Sequence[str]) -> tuple[int, ...]:
        """Micro-lamports a compute unit that sufficed lately, a block each, to write these."""
        params = [[_address(address) for address in writable]]
        reply = await self._rpc.request("getRecentPrioritizationFees", params)
        with expected_shape():
            return tuple(int(item["prioritizationFee"]) for item in reply)

    async def signature_status(self, signature: str) -> SignatureStatus | None:
        """None: this node knows nothing of it, which does not prove that it never landed."""
        params = [[_signature(signature)]]
        config = {"searchTransactionHistory": True}
        value, _ = await self._read("getSignatureStatuses", params, config)
        with expected_shape():
            return read_status(value[0])

    async def transaction(self, signature: str) -> ConfirmedTransaction | None:
        config = {**_FINALIZED, "encoding": "json", "maxSupportedTransactionVersion": 0}
        reply = await self._rpc.request("getTransaction", [_signature(signature), config])
        if reply is None:
            return None
        with expected_shape():
            transaction = read_transaction(reply, signature=signature)
        self._seen_slot = max(self._seen_slot, transaction.slot)
        return transaction

    async def signatures_for_address(
        self, address: str, *, down_to_slot: int
    ) -> tuple[SignatureInfo, ...]:
        """Newest first, failed ones too, down to and including `down_to_slot`."""
        found: list[SignatureInfo] = []
        while True:
            before = {"before": found[-1].signature} if found else {}
            config = {**self._config(), "limit": _PAGE, **before}
            params = [_address(address), config]
            reply = await self._rpc.request("getSignaturesForAddress", params)
            with expected_shape():
                page = [read_signature_info(item) for item in reply]
            found += page
            if len(page) < _PAGE or page[-1].slot < down_to_slot:
                return tuple(item for item in found if item.slot >= down_to_slot)

    # --- going forward only

    def _config(self) -> dict[str, Any]:
        return {**_FINALIZED, "minContextSlot": self._seen_slot}

    async def _read(self, method: str, params: list[Any], config: dict[str, Any]) -> Any:
        """`(value, slot)` of an answer that says at which slot it holds."""
        reply = await self._rpc.request(method, [*params, config])
        with expected_shape():
            value, slot = reply["value"], int(reply["context"]["slot"])
        if config.get("commitment") == "finalized":
            self._go_to(slot)
        return value, slot

    def _go_to(self, finalized_slot: int) -> None:
        """For nodes that answer in spite of `minContextSlot`."""
        if finalized_slot < self._seen_slot:
            raise ChainUnavailable("NODE_BEHIND", "The Solana node is behind what we have seen.")
        self._seen_slot = finalized_slot


@asynccontextmanager
async def open_client(
    rpc_url: str, *, request_seconds: float, min_slot: int = 0
) -> AsyncIterator[SolanaClient]:
    """A client with connections of its own, for asynchronous code; `request_seconds` a request."""
    async with RpcTransport(rpc_url, timeout=request_seconds) as rpc:
        yield SolanaClient(rpc, min_slot=min_slot)


def call_chain(
    work: Callable[[SolanaClient], Awaitable[T]],
    *,
    rpc_url: str,
    timeout: float,
    deadline: float,
) -> T:
    """Run `work` with a client of its own, over the process's connections, from synchronous code.

    `timeout` in seconds for each request, `deadline` in seconds for all of it. Raises what
    `work` raises, or ChainUnavailable.
    """

    async def run() -> T:
        return await work(SolanaClient(await shared_transport(rpc_url, request_seconds=timeout)))

    with panics_as_unavailable():
        return run_in_background(run, deadline=deadline)


def _address(text: str) -> str:
    return str(parse_address(text))


def _signature(text: str) -> str:
    return str(parse_signature(text))


def _signature_of(raw: bytes) -> str:
    try:
        with panics_as_unavailable():
            return str(VersionedTransaction.from_bytes(raw).signatures[0])
    except (ValueError, IndexError):
        raise ChainRejected("INVALID_TRANSACTION", "The transaction is malformed.") from None
