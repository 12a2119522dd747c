"""The hashes of the log as proofs need them."""

from collections.abc import Sequence

from audit.merkle import CHUNK, Hashes, consistency_proof, range_proof
from audit.models import Chunk, Record

__all__ = ["StoredHashes", "consistency_proof", "range_proof"]


class StoredHashes(Hashes):
    """Reads a chunk of leaves at a time, and all roots of chunks at the first need."""

    def __init__(self) -> None:
        self._chunks: dict[int, bytes] | None = None
        self._leaves: tuple[int, list[bytes]] = (-1, [])

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        number = start // CHUNK
        if self._leaves[0] != number or len(self._leaves[1]) < end - number * CHUNK:
            first = number * CHUNK
            rows = Record.objects.filter(index__gte=first, index__lt=first + CHUNK)
            found = [bytes(leaf) for leaf in rows.values_list("leaf", flat=True)]
            self._leaves = (number, found)
        first = number * CHUNK
        return self._leaves[1][start - first : end - first]

    def chunk(self, index: int) -> bytes:
        if self._chunks is None:
            rows = Chunk.objects.values_list("index", "hash")
            self._chunks = {number: bytes(value) for number, value in rows}
        return self._chunks[index]
