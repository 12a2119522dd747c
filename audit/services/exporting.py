"""Bundles that prove themselves (docs/audit.md has the format), and files for compliance."""

import base64
import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, TextIO

from django.db.models import Q, QuerySet

from audit.leaves import FIELDS, canonical, moment
from audit.models import Anchor, AnchorStatus, ChainTransaction, Checkpoint, Head, Record
from audit.noting import note_access
from audit.services.appending import append_pending
from audit.services.checkpoints import sign_head
from audit.services.covering import checkpoints_up_to, needed_checkpoints
from audit.services.proving import StoredHashes, consistency_proof, range_proof
from core.errors import NotFound
from core.spreadsheets import neutral

FORMAT = "aiw3-audit-bundle/1"
TRANSACTION_FIELDS = (
    "at", "purpose", "signature", "object", "signer", "fee_lamports", "request_id", "user_id",
    "correlation_id", "failed",
)  # fmt: skip


def export_bundle(
    *,
    out: TextIO,
    chosen: Q | None,
    about: dict[str, Any],
    now: datetime,
    seen: Sequence[int] = (),
) -> int:
    """Write the whole log, or the records that are `chosen`, with proofs; how many records.

    `about` is recorded: that it was exported, and what. `seen` are the sizes of checkpoints that
    the reader holds and wants to compare with a part. Raises NotFound when nothing is chosen, or
    when there is no such checkpoint.
    """
    note_access("audit.exported", about=about)
    append_pending()
    sign_head(head=Head.objects.get(id=1), now=now)
    last = Checkpoint.objects.latest("size")
    segments = [(0, last.size)] if chosen is None else _segments(chosen, last.size)
    if not segments:
        raise NotFound("NOTHING_TO_EXPORT", "No record is in what was asked for.")
    checkpoints = _checkpoints(last, None if chosen is None else segments, seen)
    count = 0
    for count, line in enumerate(_lines(last, checkpoints, segments), start=1):  # noqa: B007 - counted
        out.write(line)
    out.write(canonical({"end": count}) + "\n")
    return sum(end - start for start, end in segments)


def _segments(chosen: Q, size: int) -> list[tuple[int, int]]:
    """The chosen records as [from, to), with what was erased since, which explains their gaps."""
    rows = Record.objects.filter(index__lt=size)
    wanted = list(rows.filter(chosen).values_list("index", flat=True))
    if wanted:
        erasures = rows.filter(what="audit.erased", index__gt=wanted[0])
        wanted = sorted({*wanted, *erasures.values_list("index", flat=True)})
    segments: list[tuple[int, int]] = []
    for index in wanted:
        if segments and segments[-1][1] == index:
            segments[-1] = (segments[-1][0], index + 1)
        else:
            segments.append((index, index + 1))
    return segments


def _checkpoints(
    last: Checkpoint, segments: Sequence[tuple[int, int]] | None, seen: Sequence[int]
) -> list[Checkpoint]:
    """All of them, or those that a part needs (docs/decisions/0025)."""
    if segments is None:
        return list(checkpoints_up_to(last))
    ends = [end for _, end in segments]
    return list(needed_checkpoints(ends=ends, seen=seen, last=last))


def _lines(
    last: Checkpoint, checkpoints: Sequence[Checkpoint], segments: Sequence[tuple[int, int]]
) -> Iterator[str]:
    parts = _parts(last, checkpoints, segments)
    return (canonical(part) + "\n" for part in parts)


def _parts(
    last: Checkpoint, checkpoints: Sequence[Checkpoint], segments: Sequence[tuple[int, int]]
) -> Iterator[dict[str, Any]]:
    hashes, origin = StoredHashes(), last.note.split("\n", 1)[0]
    yield {"format": FORMAT, "log": origin, "size": last.size}
    yield from ({"checkpoint": row.note} for row in checkpoints)
    for old, new in pairwise(checkpoints):
        proof = consistency_proof(hashes, old=old.size, new=new.size)
        yield {"consistency": _hex(proof), "from": old.size, "to": new.size}
    for start, end in segments:
        proof = range_proof(hashes, first=start, last=end, size=last.size)
        yield {"segment": _hex(proof), "from": start, "to": end}
        rows = Record.objects.filter(index__gte=start, index__lt=end)
        yield from ({"record": _record(row)} for row in rows.iterator(chunk_size=1000))
    sizes = [row.size for row in checkpoints]
    for anchor in Anchor.objects.filter(size__in=sizes, status=AnchorStatus.FINALIZED):
        raw = base64.b64encode(bytes(anchor.signed_transaction or b"")).decode()
        yield {"anchor": raw, "size": anchor.size}


def _record(row: Record) -> dict[str, Any]:
    """A field has a value and a salt, or, once it was erased, its commitment alone."""
    values, sealed = row.values(), bytes(row.commitments)
    salts = {name: salt for name, salt in zip(FIELDS, row.salts, strict=True) if salt is not None}
    return {
        "index": row.index,
        "values": {name: values[name] for name in salts},
        "salts": {name: bytes(salt).hex() for name, salt in salts.items()},
        "erased": {
            name: sealed[32 * place : 32 * place + 32].hex()
            for place, name in enumerate(FIELDS)
            if name not in salts
        },
    }


def _hex(hashes: Iterable[bytes]) -> list[str]:
    return [value.hex() for value in hashes]


def export_transactions(
    *, out: TextIO, since: datetime, until: datetime, as_csv: bool, about: dict[str, Any]
) -> int:
    """Every transaction of the period, `until` not included; how many. It is recorded."""
    note_access("audit.transactions_exported", about=about)
    rows = ChainTransaction.objects.between(since, until)
    return _write(out, TRANSACTION_FIELDS, rows, as_csv=as_csv)


def export_records(
    *, out: TextIO, since: datetime, until: datetime, as_csv: bool, about: dict[str, Any]
) -> int:
    """Every record of the period, without proofs; how many. It is recorded."""
    note_access("audit.records_exported", about=about)
    append_pending()
    rows = Record.objects.filter(at__gte=since, at__lt=until)
    return _write(out, ("index", *FIELDS), rows, as_csv=as_csv)


def _write(out: TextIO, fields: Sequence[str], rows: QuerySet[Any], *, as_csv: bool) -> int:
    count, table = 0, csv.writer(out)
    if as_csv:
        table.writerow(fields)
    for row in rows.iterator(chunk_size=1000):
        cells = {name: _plain(getattr(row, name)) for name in fields}
        if as_csv:
            table.writerow([neutral(cell) for cell in cells.values()])
        else:
            out.write(json.dumps(cells) + "\n")
        count += 1
    return count


def _plain(value: Any) -> str | int | None:
    if isinstance(value, datetime):
        return moment(value)
    return value if value is None or isinstance(value, int) else str(value)
