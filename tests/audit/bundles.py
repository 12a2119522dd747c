"""Records to export, and bundles to tamper with."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from audit.models import Checkpoint
from audit.noting import note_all
from audit.services.appending import append_pending
from audit.services.checkpoints import log_signers
from audit.services.exporting import export_bundle
from tools.verify_audit import Proven, Rejected, spelled, verify_file


def keys() -> list[str]:
    return [signer.verifier_key() for signer in log_signers()]


def record(*names: str, **fields: Any) -> None:
    """A record each, with their place in the log."""
    with transaction.atomic():
        note_all({"source": "test", "what": name, "after": {"n": 1.5}, **fields} for name in names)
    append_pending()


def bundle(chosen: Q | None = None) -> list[str]:
    """Its lines, as `audit export` writes them."""
    out = io.StringIO()
    export_bundle(out=out, chosen=chosen, about={}, now=timezone.now())
    return out.getvalue().splitlines(keepends=True)


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
