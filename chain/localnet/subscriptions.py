"""PubSub: what subscribers of one WebSocket connection are told, and when.

Each subscription has a commitment: its notifications come when the slot they are about has
reached it. Slots that are rolled back before that are never told about.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from solders.pubkey import Pubkey

from .accounts_json import account_json, missing_account_json, read_encoding
from .errors import METHOD_NOT_FOUND, RpcError, invalid_params
from .ledger import Commitment, Landed, Ledger
from .methods.table import with_context
from .params import Config, Params, read_pubkey
from .service import Localnet

MAX_SUBSCRIPTIONS = 1_000  # a connection
_SETTLING: tuple[Commitment, ...] = ("confirmed", "finalized")


@dataclass(frozen=True, slots=True)
class Subscription:
    """`subject` is a signature, an address, a program, or for logs an address or None (all)."""

    kind: str
    commitment: Commitment = "finalized"
    subject: Any = None
    config: Config | None = None


class Feed:
    """Slots on their way to being final, with what landed in them; shared by all connections."""

    def __init__(self, net: Localnet):
        self.ledger = net.ledger
        self.connections: set[Connection] = set()
        self._recent: dict[int, list[Landed]] = {}
        self._reached = {each: net.ledger.slot_at(each) for each in _SETTLING}
        net.on_landed.append(self._landed)
        net.on_slot.append(self._slot_began)
        net.on_rollback.append(self._rolled_back)

    def _landed(self, landed: Landed) -> None:
        self._recent.setdefault(landed.stored.slot, []).append(landed)
        self._tell("processed", [landed])

    def _slot_began(self) -> None:
        for commitment in _SETTLING:
            reached = self.ledger.slot_at(commitment)
            slots = range(self._reached[commitment] + 1, reached + 1)
            self._reached[commitment] = reached
            landed = [each for slot in slots for each in self._recent.get(slot, ())]
            if landed:
                self._tell(commitment, landed)
        for slot in [slot for slot in self._recent if slot <= self._reached["finalized"]]:
            del self._recent[slot]
        for connection in list(self.connections):
            connection.tell_slot()

    def _rolled_back(self, above: int) -> None:
        for slot in [slot for slot in self._recent if slot > above]:
            del self._recent[slot]

    def _tell(self, commitment: Commitment, landed: list[Landed]) -> None:
        for connection in list(self.connections):
            connection.tell(commitment, landed)


class Connection:
    """`send` takes one JSON-RPC message and must not block."""

    def __init__(self, feed: Feed, send: Callable[[dict[str, Any]], None]):
        self.feed = feed
        self.ledger: Ledger = feed.ledger
        self._send = send
        self._subscriptions: dict[int, Subscription] = {}
        self._last = 0

    def request(self, method: str, params: Params) -> tuple[Any, Callable[[], None]]:
        """The reply's result, and what to do once the reply is sent."""
        if method.endswith("Unsubscribe"):
            number = params.integer(0)
            if self._subscriptions.pop(number, None) is None:
                raise invalid_params("Invalid subscription id.")
            return True, _nothing
        reader = _READERS.get(method)
        if reader is None:
            raise RpcError(METHOD_NOT_FOUND, "Method not found")
        if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            raise RpcError(-32604, "Too many subscriptions")
        subscription = reader(params)
        self._last += 1
        number = self._last
        self._subscriptions[number] = subscription
        return number, lambda: self._tell_past(number, subscription)

    def tell(self, commitment: Commitment, landed: list[Landed]) -> None:
        slot = self.ledger.slot_at(commitment)
        for number, each in list(self._subscriptions.items()):
            if each.commitment == commitment:
                _TELLERS[each.kind](self, number, each, landed, slot)

    def tell_slot(self) -> None:
        slot, root = self.ledger.slot, self.ledger.slot_at("finalized")
        for number, each in list(self._subscriptions.items()):
            if each.kind == "slot":
                self._notify("slot", number, {"parent": slot - 1, "root": root, "slot": slot})
            elif each.kind == "root" and root > self.ledger.first_slot:
                self._notify("root", number, root)

    def _tell_past(self, number: int, subscription: Subscription) -> None:
        """A signature that has already reached the commitment is told at once."""
        if subscription.kind != "signature":
            return
        stored = self.ledger.storage.transaction(subscription.subject)
        slot = self.ledger.slot_at(subscription.commitment)
        if stored is not None and stored.slot <= slot:
            self._tell_signature(number, slot, stored.error)

    def _tell_signature(self, number: int, slot: int, error: Any) -> None:
        if self._subscriptions.pop(number, None) is not None:  # told once
            self._notify("signature", number, with_context(slot, {"err": error}))

    def _signature(
        self, number: int, subscription: Subscription, landed: list[Landed], slot: int
    ) -> None:
        for each in landed:
            if each.stored.signature == subscription.subject:
                self._tell_signature(number, slot, each.stored.error)

    def _logs(
        self, number: int, subscription: Subscription, landed: list[Landed], slot: int
    ) -> None:
        for each in landed:
            if subscription.subject is None or subscription.subject in each.receipt.keys.all:
                meta = each.receipt.meta
                value = {
                    "signature": each.stored.signature,
                    "err": meta["err"],
                    "logs": meta["logMessages"],
                }
                self._notify("logs", number, with_context(slot, value))

    def _account(
        self, number: int, subscription: Subscription, landed: list[Landed], slot: int
    ) -> None:
        if any(subscription.subject in each.receipt.changed for each in landed):
            value = self._account_json(subscription, subscription.subject, slot)
            self._notify("account", number, with_context(slot, value))

    def _program(
        self, number: int, subscription: Subscription, landed: list[Landed], slot: int
    ) -> None:
        changed = dict.fromkeys(key for each in landed for key in each.receipt.changed)
        for address in changed:
            account = self.ledger.account(address, at_slot=slot)
            if account is not None and account.owner == subscription.subject:
                shown = self._account_json(subscription, address, slot)
                value = {"pubkey": str(address), "account": shown}
                self._notify("program", number, with_context(slot, value))

    def _account_json(self, subscription: Subscription, address: Pubkey, slot: int) -> Any:
        config = subscription.config or Config({})
        encoding = read_encoding(config)
        account = self.ledger.account(address, at_slot=slot)
        if account is None:
            return missing_account_json(encoding)
        if encoding in ("binary", "base58") and len(account.data) > 128:
            encoding = "base64"  # a notification cannot answer with an error
        return account_json(self.ledger, account, encoding=encoding, at_slot=slot, data_slice=None)

    def _notify(self, kind: str, number: int, result: Any) -> None:
        self._send(
            {
                "jsonrpc": "2.0",
                "method": f"{kind}Notification",
                "params": {"result": result, "subscription": number},
            }
        )


def _read_signature(params: Params) -> Subscription:
    return Subscription("signature", params.config(1).commitment(), params.signature(0))


def _read_account(params: Params) -> Subscription:
    return _of_address("account", params)


def _read_program(params: Params) -> Subscription:
    return _of_address("program", params)


def _of_address(kind: str, params: Params) -> Subscription:
    config = params.config(1)
    read_encoding(config)
    return Subscription(kind, config.commitment(), params.pubkey(0), config)


def _read_logs(params: Params) -> Subscription:
    """ "all", "allWithVotes", or `{"mentions": [address]}` with exactly one address."""
    commitment = params.config(1).commitment()
    if params.values[:1] in (["all"], ["allWithVotes"]):
        return Subscription("logs", commitment)
    mentions = params.config(0, required=True).list("mentions", most=1)
    if len(mentions) != 1:
        raise invalid_params("Invalid Request: Only 1 address supported")
    return Subscription("logs", commitment, read_pubkey(mentions[0]))


def _read_slot(_params: Params) -> Subscription:
    return Subscription("slot")


def _read_root(_params: Params) -> Subscription:
    return Subscription("root")


def _nothing(*_args: Any) -> None:
    """Nothing is to be told."""


_READERS: dict[str, Callable[[Params], Subscription]] = {
    "signatureSubscribe": _read_signature,
    "accountSubscribe": _read_account,
    "programSubscribe": _read_program,
    "logsSubscribe": _read_logs,
    "slotSubscribe": _read_slot,
    "rootSubscribe": _read_root,
}
_TELLERS: dict[str, Callable[[Connection, int, Subscription, list[Landed], int], None]] = {
    "signature": Connection._signature,
    "account": Connection._account,
    "program": Connection._program,
    "logs": Connection._logs,
    "slot": _nothing,
    "root": _nothing,
}
