"""Records to export, and bundles to tamper with."""

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from solders.hash import Hash

from audit.models import Anchor, AnchorStatus, Checkpoint
from audit.noting import note_all
from audit.services.appending import append_pending
from audit.services.checkpoints import log_signers
from audit.services.exporting import export_bundle
from chain.memos import build_memo
from chain.records import Blockhash
from tools.verify_audit import Proven, Rejected, spelled, verify_file


def keys() -> list[str]:
    return [signer.verifier_key() for signer in log_signers()]


def record(*names: str, **fields: Any) -> None:
    """A record each, with their place in the log."""
    with transaction.atomic():
        note_all({"source": "test", "what": name, "after": {"n": 1.5}, **fields} for name in names)
    append_pending()


def bundle(chosen: Q | None = None, *, seen: Sequence[int] = ()) -> list[str]:
    """Its lines, as `audit export` writes them."""
    out = io.StringIO()
    export_bundle(out=out, chosen=chosen, about={}, now=timezone.now(), seen=seen)
    return out.getvalue().splitlines(keepends=True)


def anchor(size: int) -> None:
    """As if the chain had it; that it has is `test_chain`'s."""
    row = Anchor.objects.get(size=size)
    now = Blockhash(str(Hash.default()), 1)
    signed = build_memo(payer=settings.MINT_AUTHORITY, text=row.memo, blockhash=now)
    Anchor.objects.filter(size=size).update(
        status=AnchorStatus.FINALIZED, slot=1, signature=signed.signature,
        signed_transaction=signed.raw,
    )  # fmt: skip


def verify(folder: Path, lines: list[str] | bytes, **options: Any) -> Proven:
    """Raises Rejected."""
    path = folder / "bundle"
    path.write_bytes(lines if isinstance(lines, bytes) else "".join(lines).encode())
    return verify_file(path, keys(), **options)


def is_rejected(folder: Path, lines: list[str] | bytes, **options: Any) -> bool:
    try:
        verify(folder, lines, **options)
    except Rejected:
        return True
    return False


def edited(lines: list[str], place: int, edit: Callable[[Any], object]) -> list[str]:
    """One line changed, and spelled as it should be, so that only its content is wrong."""
    content = json.loads(lines[place])
    edit(content)
    return [*lines[:place], f"{spelled(content)}\n", *lines[place + 1 :]]


def last_note() -> str:
    return Checkpoint.objects.latest("size").note
