"""Every way in which the node lies. Each may hit any request that it fits."""

import base64
import json
from typing import Any

from solders.transaction import VersionedTransaction

from tests.faults.network.node import (
    FINALITY,
    MOST_LAG,
    STOPPED,
    Json,
    Kind,
    LyingNode,
    Reply,
    Silence,
)

SEND = frozenset({"sendTransaction"})
TIPS = frozenset({"getSlot", "getEpochInfo", "getLatestBlockhash"})
HISTORY = frozenset({"getTransaction", "getSignatureStatuses", "getSignaturesForAddress"})
ACCOUNTS = frozenset({"getAccountInfo", "getTokenAccountsByOwner", "getBalance"})
READS = TIPS | HISTORY | ACCOUNTS
CODES = (-32002, -32003, -32004, -32005, -32007, -32009, -32014, -32015, -32016, -32603, -32000)
NONSENSE = (
    b"<html>Bad gateway</html>",
    b"",
    b"\xff\xfe",
    b"[]",
    b'{"jsonrpc": "2.0", "id": ',
    b'{"jsonrpc": "2.0", "id": 0}',
    b'{"jsonrpc": "2.0", "id": 0, "result": {"context": {}, "value": {"data": 7}}}',
    b'{"jsonrpc": "2.0", "id": 0, "result": {"context": {"slot": "x"}, "value": [[]]}}',
    b'{"jsonrpc": "2.0", "id": 0, "result": [{"signature": 1}]}',
    b'{"jsonrpc": "2.0", "id": 0, "error": "no"}',
)


def told(request: Json, result: Any) -> Reply:
    return Reply(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode())


def failed(request: Json, code: int, data: Any = None) -> Reply:
    error = {"code": code, "message": "as the node says"} | ({"data": data} if data else {})
    return Reply(json.dumps({"jsonrpc": "2.0", "id": request["id"], "error": error}).encode())


def passed_on(node: LyingNode, request: Json, *, lag: int = 0) -> Reply:
    return Reply(json.dumps(node.honest(request, lag=lag)).encode())


def times_out(_node: LyingNode, _request: Json) -> Silence:
    return Silence(hangs=True)


def times_out_after(node: LyingNode, request: Json) -> Silence:
    node.honest(request)
    return Silence(hangs=True)


def cuts(_node: LyingNode, _request: Json) -> Silence:
    return Silence()


def cuts_after(node: LyingNode, request: Json) -> Silence:
    node.honest(request)
    return Silence()


def limits(_node: LyingNode, _request: Json) -> Reply:
    return Reply(b"slow down", status=429)


def breaks(node: LyingNode, request: Json) -> Reply:
    """A gateway's error page, whether the node behind it did the work or not."""
    if node.dice.randrange(2):
        node.honest(request)
    return Reply(b"bad gateway", status=node.dice.choice((500, 502, 503, 504)))


def drops(_node: LyingNode, request: Json) -> Reply:
    """It says the signature, and forwards nothing."""
    raw = base64.b64decode(request["params"][0])
    return told(request, str(VersionedTransaction.from_bytes(raw).signatures[0]))


def sends_twice(node: LyingNode, request: Json) -> Reply:
    node.honest(request)
    return passed_on(node, request)


def refuses_preflight(node: LyingNode, request: Json) -> Reply:
    """As a node that lags, or that simulates on another fork; sent by it or not."""
    if node.dice.randrange(2):
        node.honest(request)
    error = node.dice.choice(
        ("BlockhashNotFound", "AccountNotFound", {"InstructionError": [1, {"Custom": 0}]})
    )
    return failed(request, -32002, {"err": error, "logs": []})


def shows_stale_slots(node: LyingNode, request: Json) -> Reply:
    return passed_on(node, _without_minimum(request), lag=_lag(node))


def lags(node: LyingNode, request: Json) -> Reply:
    """Yesterday's state, in spite of `minContextSlot`."""
    lag = _lag(node)
    reply = node.honest(_without_minimum(request), lag=lag)
    if request["method"] == "getSignatureStatuses":
        slot = node.net.ledger.slot - lag
        statuses = reply["result"]["value"]
        reply["result"] = {
            "context": {"slot": slot},
            "value": [each if each and each["slot"] <= slot else None for each in statuses],
        }
    return Reply(json.dumps(reply).encode())


def is_behind(node: LyingNode, request: Json) -> Reply:
    """It says so."""
    return failed(request, node.dice.choice((-32005, -32016)), {"numSlotsBehind": 42})


def forgets_history(_node: LyingNode, request: Json) -> Reply:
    """Pruned: of a transaction it knows nothing any more."""
    match request["method"]:
        case "getTransaction":
            return told(request, None)
        case "getSignaturesForAddress":
            return told(request, [])
        case _:
            return told(request, {"context": {"slot": 1}, "value": [None]})


def denies(node: LyingNode, request: Json) -> Reply:
    """What exists is not there, at the newest slot."""
    if request["method"] in HISTORY:
        return forgets_history(node, request)
    reply = node.honest(request)
    if "result" in reply:
        empty: Any = [] if request["method"] == "getTokenAccountsByOwner" else None
        reply["result"]["value"] = empty
    return Reply(json.dumps(reply).encode())


def talks_nonsense(node: LyingNode, request: Json) -> Reply:
    return Reply(node.dice.choice(NONSENSE))


def gives_bare_codes(node: LyingNode, request: Json) -> Reply:
    """Errors without the `data` that belongs to them."""
    return failed(request, node.dice.choice(CODES))


def forks(node: LyingNode, request: Json) -> Reply:
    """Unfinalized slots are gone between this question and its answer."""
    passed = passed_on(node, request)
    node.net.rollback(node.dice.randrange(1, FINALITY))
    return passed


def _lag(node: LyingNode) -> int:
    return node.dice.randrange(1, MOST_LAG)


def _without_minimum(request: Json) -> Json:
    params = [
        {key: value for key, value in part.items() if key != "minContextSlot"}
        if isinstance(part, dict)
        else part
        for part in request.get("params") or []
    ]
    return {**request, "params": params}


KINDS = {
    "times out before forwarding": Kind(times_out, slow=True),
    "times out after forwarding": Kind(times_out_after, slow=True),
    "cuts before forwarding": Kind(cuts),
    "cuts after forwarding": Kind(cuts_after),
    "429": Kind(limits),
    "5xx": Kind(breaks),
    "drops a transaction": Kind(drops, SEND),
    "sends a transaction twice": Kind(sends_twice, SEND),
    "refuses a good transaction": Kind(refuses_preflight, SEND),
    "stale slots": Kind(shows_stale_slots, TIPS),
    "lags": Kind(lags, READS),
    "is behind": Kind(is_behind, READS),
    "pruned history": Kind(forgets_history, HISTORY),
    "not found": Kind(denies, HISTORY | ACCOUNTS - {"getBalance"}),
    "malformed": Kind(talks_nonsense),
    "codes without data": Kind(gives_bare_codes),
    "forks": Kind(forks),
    STOPPED: Kind(cuts),
}
