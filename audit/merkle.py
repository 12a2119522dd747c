"""The Merkle tree of RFC 6962, section 2.1, over leaf hashes; nothing here touches a database."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
CHUNK_LEVEL = 8  # of the inner nodes only the roots of this many levels are kept
CHUNK = 1 << CHUNK_LEVEL  # leaves


def hash_leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def hash_children(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split_point(size: int) -> int:
    """The largest power of two below `size`, which is 2 or more."""
    return 1 << ((size - 1).bit_length() - 1)


@dataclass
class Frontier:
    """What must be remembered of a tree to append to it: its perfect subtrees, largest first."""

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    @classmethod
    def load(cls, size: int, packed: bytes) -> "Frontier":
        """Raises ValueError when the two do not belong together."""
        hashes = [packed[at : at + HASH_BYTES] for at in range(0, len(packed), HASH_BYTES)]
        if len(packed) != size.bit_count() * HASH_BYTES:
            raise ValueError("The frontier does not fit the size.")
        return cls(size, hashes)

    def dump(self) -> bytes:
        return b"".join(self.hashes)

    def append(self, leaf: bytes) -> bytes | None:
        """Add a leaf hash; the root of the chunk that it completed, if it did."""
        chunk, node, index, level = None, leaf, self.size, 0
        while index & 1:
            node = hash_children(self.hashes.pop(), node)
            index >>= 1
            level += 1
            if level == CHUNK_LEVEL:
                chunk = node
        self.hashes.append(node)
        self.size += 1
        return chunk

    def root(self) -> bytes:
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = hash_children(left, root)
        return root


class Hashes(Protocol):
    """Where the hashes of a tree are kept."""

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """The leaf hashes of [start, end), within one chunk."""
        ...

    def chunk(self, index: int) -> bytes:
        """The root of one whole chunk of leaves."""
        ...


def subtree_root(hashes: Hashes, start: int, end: int) -> bytes:
    """MTH(D[start:end]) for a subtree of the tree: `start` is a multiple of its width."""
    size = end - start
    if size == CHUNK and start % CHUNK == 0:
        return hashes.chunk(start // CHUNK)
    if size <= CHUNK:
        return _root_of(hashes.leaves(start, end))
    middle = start + split_point(size)
    return hash_children(subtree_root(hashes, start, middle), subtree_root(hashes, middle, end))


def _root_of(leaves: Sequence[bytes]) -> bytes:
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def consistency_proof(hashes: Hashes, *, old: int, new: int) -> list[bytes]:
    """PROOF(old, D[new]) of RFC 6962, section 2.1.2; needs 0 < old <= new."""
    return list(_consistency(hashes, old, 0, new, True))


def _consistency(hashes: Hashes, old: int, start: int, end: int, is_known: bool) -> Iterator[bytes]:
    """`is_known`: whether D[start:end] is the whole old tree, whose root the verifier has."""
    if old == end - start:
        if not is_known:
            yield subtree_root(hashes, start, end)
        return
    width = split_point(end - start)
    middle = start + width
    if old <= width:
        yield from _consistency(hashes, old, start, middle, is_known)
        yield subtree_root(hashes, middle, end)
    else:
        yield from _consistency(hashes, old - width, middle, end, False)
        yield subtree_root(hashes, start, middle)


def range_proof(hashes: Hashes, *, first: int, last: int, size: int) -> list[bytes]:
    """What, beside the leaves [first, last), is needed for the root; from left to right.

    For one leaf these are the hashes of its RFC 6962 audit path, in the order of the tree.
    """
    return list(_range(hashes, first, last, 0, size))


def _range(hashes: Hashes, first: int, last: int, start: int, end: int) -> Iterator[bytes]:
    if end <= first or start >= last:
        yield subtree_root(hashes, start, end)
    elif start < first or end > last:
        middle = start + split_point(end - start)
        yield from _range(hashes, first, last, start, middle)
        yield from _range(hashes, first, last, middle, end)
