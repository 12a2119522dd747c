"""Verifies a bundle of `manage.py audit export`, trusting nobody but the log's public key.

    python tools/verify_audit.py BUNDLE --key NAME+ID+KEY [--part] [--seen CHECKPOINT]
        [--anchored-by ADDRESS] [--rpc URL]

Needs Python 3.11 and `cryptography`; no Django, no database, none of the project's code. It
accepts a bundle only when every byte of it is accounted for: each line is the one spelling of
its content, each field opens its commitment, the records are exactly the leaves of the tree
whose root was signed, each signed root continues the one before, and each field that was erased
is named by a record of the erasure. docs/audit.md has the format.

Exit code 0: everything holds. 1: it does not, and the message says where.
"""

import argparse
import base64
import binascii
import hashlib
import json
import sys
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FIELDS = (
    "at", "source", "what", "object", "subject", "actor",
    "reason", "origin", "correlation", "event", "before", "after",
)  # fmt: skip
PERSONAL = frozenset({"object", "subject", "actor", "reason", "before", "after"})
NAMES = [(name, name.encode() + b"\x00") for name in FIELDS]
LEAF_PREFIX = b"\x00aiw3-audit/1\n"
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
MEMO_PROGRAM = "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"
sha256 = hashlib.sha256


class Rejected(Exception):
    """The bundle does not prove what it claims."""


def reject(reason: str) -> NoReturn:
    raise Rejected(reason)


def demand(holds: bool, reason: str) -> None:
    if not holds:
        reject(reason)


# --- Spelling: one for each content, so that no byte can differ unnoticed.


def spelled(content: Any) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def from_hex(text: Any, length: int) -> bytes:
    value = b""
    try:
        value = bytes.fromhex(text)
    except (TypeError, ValueError):
        reject("not hexadecimal")
    demand(len(value) == length and value.hex() == text, "not hexadecimal of the right length")
    return value


def from_base64(text: Any) -> bytes:
    value = b""
    try:
        value = base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        reject("not base64")
    demand(base64.b64encode(value).decode() == text, "not the one spelling in base64")
    return value


def count(value: Any) -> int:
    demand(type(value) is int and value >= 0, "not a count")
    return int(value)


# --- The tree: RFC 6962, section 2.1.


def children(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


@dataclass
class Tree:
    """The root of leaves that come one by one."""

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def add(self, leaf: bytes) -> None:
        number = self.size
        while number & 1:
            leaf = children(self.hashes.pop(), leaf)
            number >>= 1
        self.hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        if not self.hashes:
            return sha256(b"").digest()
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = children(left, root)
        return root


def split(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)


def root_around(
    leaves: list[bytes], first: int, start: int, end: int, proof: Iterator[bytes]
) -> bytes:
    """The root of [start, end) out of the leaves from `first` on and the hashes beside them."""
    last = first + len(leaves)
    if end <= first or start >= last:
        return next(proof, b"") or reject("the proof is too short")
    if first <= start and end <= last:
        tree = Tree()
        for leaf in leaves[start - first : end - first]:
            tree.add(leaf)
        return tree.root()
    middle = start + split(end - start)
    left = root_around(leaves, first, start, middle, proof)
    return children(left, root_around(leaves, first, middle, end, proof))


def demand_consistent(old: int, new: int, was: bytes, now: bytes, proof: list[bytes]) -> None:
    """RFC 9162, section 2.1.4.2; 0 < old < new."""
    path = [was, *proof] if old & (old - 1) == 0 else list(proof)
    demand(bool(path), "the consistency proof is empty")
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    before = after = path[0]
    for value in path[1:]:
        demand(last != 0, "the consistency proof is too long")
        if node & 1 or node == last:
            before, after = children(value, before), children(value, after)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            after = children(after, value)
        node, last = node >> 1, last >> 1
    demand(last == 0, "the consistency proof is too short")
    demand((before, after) == (was, now), f"size {new} does not continue size {old}")


# --- Signed checkpoints: C2SP signed-note and tlog-checkpoint, with one signature.


@dataclass(frozen=True)
class Key:
    name: str
    id: bytes
    public: Ed25519PublicKey

    @classmethod
    def read(cls, text: str) -> "Key":
        name, key_id, encoded = [*text.strip().split("+", 2), "", ""][:3]
        raw = from_base64(encoded)
        demand(len(raw) == 33 and raw[:1] == b"\x01", "not an Ed25519 key of a log")
        wanted = sha256(name.encode() + b"\n" + raw).digest()[:4]
        demand(from_hex(key_id, 4) == wanted, "the key's id does not belong to it")
        return cls(name, wanted, Ed25519PublicKey.from_public_bytes(raw[1:]))


@dataclass(frozen=True)
class Checkpoint:
    log: str
    size: int
    root: bytes

    @classmethod
    def read(cls, note: Any, keys: list[Key]) -> "Checkpoint":
        demand(isinstance(note, str), "not a note")
        text, empty, signature = note.partition("\n\n")
        lines = text.split("\n")
        demand(bool(empty) and len(lines) == 3, "not a checkpoint")
        log, size, root = lines
        demand(size.isascii() and size.isdigit() and str(int(size)) == size, "not a size")
        cls._demand_signed(f"{text}\n", signature, log, keys)
        value = from_base64(root)
        demand(len(value) == 32, "not a root")
        return cls(log, int(size), value)

    @staticmethod
    def _demand_signed(text: str, line: str, log: str, keys: list[Key]) -> None:
        start, end = f"\N{EM DASH} {log} ", "\n"
        demand(line.startswith(start) and line.endswith(end), "not signed by the log")
        raw = from_base64(line[len(start) : -1])
        known = [key for key in keys if (key.name, key.id) == (log, raw[:4])]
        demand(bool(known), f"signed with a key of {log} that was not given")
        try:
            known[0].public.verify(raw[4:], text.encode())
        except InvalidSignature:
            reject("the signature of a checkpoint is wrong")


# --- Anchors: the root as the memo of a Solana transaction.


def base58(value: bytes) -> str:
    number, text = int.from_bytes(value, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(value) - len(value.lstrip(b"\0"))) + text


@dataclass(frozen=True)
class Memo:
    """A legacy transaction with one signer that does nothing but write a memo."""

    signature: str
    signer: str
    text: str

    @classmethod
    def read(cls, raw: bytes) -> "Memo":
        """1 signature, then the message: header, two keys, blockhash, one instruction."""
        demand(len(raw) > 172 and raw[0] == 1, "not a memo's transaction")
        signature, message = raw[1:65], raw[65:]
        demand(message[:4] == b"\x01\x00\x01\x02", "not a memo's transaction")
        signer = message[4:36]
        head, rest = message[100:104], message[104:]
        demand(base58(message[36:68]) == MEMO_PROGRAM, "not the memo program")
        demand(head == b"\x01\x01\x01\x00", "not a memo's instruction")
        length, used = rest[0] & 0x7F, 1
        if rest[0] & 0x80:
            length, used = length | rest[1] << 7, 2
            demand(0 < rest[1] < 0x80, "not a memo's length")
        demand(len(rest) == used + length, "a memo of another length")
        try:
            Ed25519PublicKey.from_public_bytes(signer).verify(signature, message)
            text = rest[used:].decode()
        except (InvalidSignature, UnicodeDecodeError):
            reject("the signature of an anchor is wrong")
        return cls(base58(signature), base58(signer), text)


def demand_on_chain(memo: Memo, url: str) -> None:
    """Ask a node of the reader's own choice for the finalized transaction."""
    config = {"commitment": "finalized", "encoding": "json", "maxSupportedTransactionVersion": 0}
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "getTransaction",
        "params": [memo.signature, config],
    }
    demand(url.startswith(("http://", "https://")), "the node's address is not HTTP")
    request = urllib.request.Request(  # noqa: S310 - checked
        url, json.dumps(call).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=15) as answer:  # noqa: S310
        found = json.load(answer).get("result")
    demand(found is not None and not found["meta"]["err"], f"{memo.signature} is not on the chain")


# --- Records.


def leaf_of(record: Any) -> bytes:
    """The hash of a record's leaf, once each field opens its commitment."""
    demand(set(record) == {"index", "values", "salts", "erased"}, "a record has other parts")
    values, salts, erased = record["values"], record["salts"], record["erased"]
    demand(values.keys() == salts.keys(), "values and salts do not match")
    demand(len(values) + len(erased) == len(FIELDS), "a record has other fields")
    parts = [LEAF_PREFIX]
    for name, prefix in NAMES:
        if name in erased:
            parts.append(from_hex(erased[name], 32))
            continue
        demand(name in values, f"the field {name} is missing")
        value, salt = values[name], bytes.fromhex(salts[name])
        demand(len(salt) == 16 and salt.hex() == salts[name], "not a salt")
        content = b"\x00" if value is None else b"\x01" + value.encode()
        parts.append(sha256(salt + prefix + content).digest())
    return sha256(b"".join(parts)).digest()


@dataclass
class Erasures:
    """Fields that are gone, and the records that say so."""

    gone: list[tuple[int, frozenset[str]]] = field(default_factory=list)
    told: list[tuple[int, dict[str, frozenset[int]]]] = field(default_factory=list)

    def note(self, record: dict[str, Any]) -> None:
        if record["erased"]:
            self.gone.append((record["index"], frozenset(record["erased"])))
        elif (record["values"]["source"], record["values"]["what"]) == ("audit", "audit.erased"):
            after = json.loads(record["values"]["after"])
            named = {kind: frozenset(after[kind] or ()) for kind in ("personal", "actor")}
            self.told.append((record["index"], named))

    def demand_told(self) -> None:
        for index, names in self.gone:
            demand(names in (PERSONAL, {"actor"}), f"record {index}: a field is missing")
            kind = "personal" if names == PERSONAL else "actor"
            by = any(at > index and index in named[kind] for at, named in self.told)
            demand(by, f"record {index}: nothing says that it was erased")


# --- The bundle.


class Lines:
    """The lines of a bundle one after the other, each parsed and in its one spelling."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self.number = 0
        self.next = self._read()

    def _read(self) -> dict[str, Any]:
        raw = next(self._lines, b"")
        if not raw:
            return {}
        text, content = "", None
        try:
            text = raw.decode("ascii")
            content = json.loads(text)
        except (UnicodeDecodeError, ValueError):
            reject("not JSON in ASCII")
        demand(isinstance(content, dict) and bool(content), "not an object")
        demand(f"{spelled(content)}\n" == text, "not the one spelling of its content")
        return content  # type: ignore[no-any-return]

    def take(self, *names: str) -> dict[str, Any]:
        """The next line, which must have exactly these parts."""
        found = self.next
        demand(set(found) == set(names), f"expected {', '.join(names)}")
        self.number += 1
        self.next = self._read()
        return found


@dataclass(frozen=True)
class Proven:
    """What a bundle proves."""

    log: str
    size: int
    records: int
    checkpoints: list[Checkpoint]
    anchors: list[Memo]


class Verifier:
    def __init__(self, keys: list[Key], *, part: bool, seen: list[Checkpoint]) -> None:
        self._keys, self._part, self._seen = keys, part, seen
        self._erasures = Erasures()
        self._records = 0

    def verify(self, lines: Lines) -> Proven:
        header = lines.take("format", "log", "size")
        demand(header["format"] == "aiw3-audit-bundle/1", "another format")
        checkpoints = self._read_checkpoints(lines, header["log"], count(header["size"]))
        self._read_segments(lines, checkpoints)
        anchors = self._read_anchors(lines, checkpoints)
        demand(count(lines.take("end")["end"]) == lines.number - 1, "another number of lines")
        demand(not lines.next, "there is more behind the end")
        self._erasures.demand_told()
        last = checkpoints[-1]
        return Proven(last.log, last.size, self._records, checkpoints, anchors)

    def _read_checkpoints(self, lines: Lines, log: Any, size: int) -> list[Checkpoint]:
        found: list[Checkpoint] = []
        while "checkpoint" in lines.next:
            one = Checkpoint.read(lines.take("checkpoint")["checkpoint"], self._keys)
            demand(one.log == log, "a checkpoint of another log")
            demand(not found or one.size > found[-1].size, "checkpoints out of order")
            found.append(one)
        demand(bool(found) and found[-1].size == size, "no checkpoint of the size")
        for old, new in pairwise(found):
            line = lines.take("consistency", "from", "to")
            sizes = count(line["from"]), count(line["to"])
            demand(sizes == (old.size, new.size), "proofs out of order")
            proof = [from_hex(value, 32) for value in line["consistency"]]
            demand_consistent(old.size, new.size, old.root, new.root, proof)
        return found

    def _read_segments(self, lines: Lines, checkpoints: list[Checkpoint]) -> None:
        last, end = checkpoints[-1], 0
        roots = {one.size: one.root for one in checkpoints}
        while "segment" in lines.next:
            line = lines.take("segment", "from", "to")
            start, stop = count(line["from"]), count(line["to"])
            demand(end <= start < stop <= last.size, "segments out of order")
            whole = (start, stop) == (0, last.size)
            demand(whole or self._part, "this is a part of the log; --part accepts that")
            leaves = self._read_records(lines, start, stop, roots if whole else {})
            proof = iter([from_hex(value, 32) for value in line["segment"]])
            root = root_around(leaves, start, 0, last.size, proof)
            demand(next(proof, None) is None, "the proof is too long")
            demand(root == last.root, "the records are not those of the signed root")
            end = stop
        demand(end > 0, "there is no record")
        self._compare_seen(roots)

    def _read_records(
        self, lines: Lines, start: int, stop: int, roots: dict[int, bytes]
    ) -> list[bytes]:
        """With the whole log, every checkpoint is compared with the records up to it."""
        leaves, tree = [], Tree()
        wanted = {**roots, **{one.size: one.root for one in self._seen}} if roots else {}
        for index in range(start, stop):
            record = lines.take("record")["record"]
            leaf = leaf_of(record)
            demand(
                type(record["index"]) is int and record["index"] == index,
                "a record is missing, or out of order",
            )
            self._erasures.note(record)
            leaves.append(leaf)
            if wanted:
                tree.add(leaf)
                if tree.size in wanted:
                    demand(tree.root() == wanted[tree.size], f"another history up to {tree.size}")
        self._records += len(leaves)
        return leaves

    def _compare_seen(self, roots: dict[int, bytes]) -> None:
        for one in self._seen:
            demand(one.size <= max(roots), f"the log had {one.size} records before: it was cut")
            known = roots.get(one.size)
            demand(known in (None, one.root), f"two views of the log at size {one.size}")
            demand(
                not self._part or known is not None,
                f"no checkpoint of size {one.size} to compare; export with --seen {one.size}",
            )

    def _read_anchors(self, lines: Lines, checkpoints: list[Checkpoint]) -> list[Memo]:
        known, found, before = {one.size: one for one in checkpoints}, [], 0
        while "anchor" in lines.next:
            line = lines.take("anchor", "size")
            memo = Memo.read(from_base64(line["anchor"]))
            size = count(line["size"])
            demand(size in known and size > before, "anchors out of order")
            one, before = known[size], size
            wanted = f"aiw3-audit:1:{one.log}:{one.size}:{one.root.hex()}"
            demand(memo.text == wanted, "an anchor of another root")
            found.append(memo)
        return found


def verify_file(
    path: Path, keys: list[str], *, part: bool = False, seen: Iterable[str] = ()
) -> Proven:
    """`keys` as verifier keys, `seen` as signed notes. Raises Rejected."""
    known = [Key.read(key) for key in keys]
    verifier = Verifier(known, part=part, seen=[Checkpoint.read(note, known) for note in seen])
    with path.open("rb") as lines:
        reader = None
        try:
            reader = Lines(lines)
            return verifier.verify(reader)
        except Rejected as error:
            number = reader.number if reader else 1
            raise Rejected(f"at or after line {number}: {error}") from None
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            number = reader.number if reader else 1
            raise Rejected(f"at or after line {number}: another shape") from None


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--key", action="append", required=True, help="of the log; may be repeated")
    parser.add_argument("--part", action="store_true", help="accept a part of the log")
    parser.add_argument("--seen", action="append", type=Path, default=[], help="a checkpoint kept")
    parser.add_argument("--anchored-by", help="the address that must have signed every anchor")
    parser.add_argument("--rpc", help="a Solana node that is asked for every anchor")
    given = parser.parse_args()
    try:
        seen = [path.read_text() for path in given.seen]
        proven = verify_file(given.bundle, given.key, part=given.part, seen=seen)
        for memo in proven.anchors:
            ours = given.anchored_by in (None, memo.signer)
            demand(ours, f"{memo.signature} was signed by {memo.signer}")
            if given.rpc:
                demand_on_chain(memo, given.rpc)
    except (Rejected, OSError) as error:
        print(f"REJECTED {error}")
        return 1
    print(f"{proven.log}: {proven.records} of {proven.size} records are as they were signed.")
    anchored = "stand on the chain" if given.rpc else "have an anchor, which --rpc looks up"
    print(f"{len(proven.checkpoints)} checkpoints; {len(proven.anchors)} of them {anchored}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
