"""The tree against RFC 6962: its published example, and its own definitions, naively."""

import hashlib
import itertools
from collections.abc import Iterator, Sequence

import pytest

from audit.merkle import (
    CHUNK,
    Frontier,
    Hashes,
    consistency_proof,
    hash_leaf,
    range_proof,
    subtree_root,
)
from tools.verify_audit import Rejected, demand_consistent, root_around

# The test data of the reference implementation of Certificate Transparency.
ENTRIES = (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)  # fmt: skip
ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


class InMemory(Hashes):
    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._leaves = leaves

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        assert start // CHUNK == (end - 1) // CHUNK
        return self._leaves[start:end]

    def chunk(self, index: int) -> bytes:
        return naive_root(self._leaves[index * CHUNK : (index + 1) * CHUNK])


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH as section 2.1 defines it."""
    if len(leaves) == 1:
        return leaves[0]
    width = 1
    while width * 2 < len(leaves):
        width *= 2
    both = naive_root(leaves[:width]) + naive_root(leaves[width:])
    return hashlib.sha256(b"\x01" + both).digest()


LEAVES = [hash_leaf(bytes([number % 251, number // 251])) for number in range(3 * CHUNK)]


def sizes() -> Iterator[int]:
    yield from range(1, 20)
    yield from (CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 3, 3 * CHUNK - 1)


def test_roots_are_those_of_the_reference_implementation() -> None:
    frontier, found = Frontier(), {}
    for entry in ENTRIES:
        frontier.append(hash_leaf(bytes.fromhex(entry)))
        found[frontier.size] = frontier.root().hex()
    assert {size: found[size] for size in ROOTS} == ROOTS


def test_appending_needs_the_frontier_alone_and_gives_every_chunk() -> None:
    frontier, chunks = Frontier(), []
    for size, leaf in enumerate(LEAVES, start=1):
        frontier = Frontier.load(frontier.size, frontier.dump())
        chunks.append(frontier.append(leaf))
        if size in set(sizes()):
            assert frontier.root() == naive_root(LEAVES[:size])
            assert subtree_root(InMemory(LEAVES), 0, size) == frontier.root()
    assert [chunk for chunk in chunks if chunk] == [InMemory(LEAVES).chunk(n) for n in range(3)]


def test_every_growth_is_proven_and_no_other_history_is() -> None:
    hashes = InMemory(LEAVES)
    for old, new in itertools.combinations(sizes(), 2):
        was, now = naive_root(LEAVES[:old]), naive_root(LEAVES[:new])
        proof = consistency_proof(hashes, old=old, new=new)
        demand_consistent(old, new, was, now, proof)
        for wrong in (proof[1:], proof[:-1], [*proof, was], [now, *proof[1:]]):
            if wrong != proof:
                with pytest.raises(Rejected):
                    demand_consistent(old, new, was, now, wrong)
        with pytest.raises(Rejected):
            demand_consistent(old, new, naive_root(LEAVES[1 : old + 1]), now, proof)


def test_any_range_of_leaves_is_proven() -> None:
    hashes = InMemory(LEAVES)
    for size in sizes():
        for first, last in {(0, size), (size // 2, size), (size // 3, size // 3 + 1), (0, 1)}:
            proof = iter(range_proof(hashes, first=first, last=last, size=size))
            root = root_around(LEAVES[first:last], first, 0, size, proof)
            assert (root, next(proof, None)) == (naive_root(LEAVES[:size]), None)
