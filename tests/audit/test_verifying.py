"""A bundle is accepted as it is, and no other way: by a program that trusts nobody."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Q
from pytest_django.fixtures import Settings

from audit.leaves import FIELDS, make_leaf
from audit.merkle import Frontier
from audit.models import Checkpoint, Record
from audit.notes import Checkpoint as Statement
from audit.notes import NoteSigner
from audit.services.erasing import erase_person
from core.errors import NotFound
from core.ids import uuid7
from tests.audit.bundles import anchor, bundle, edited, is_rejected, keys, last_note, record, verify
from tests.patience import PATIENCE
from tools.verify_audit import Rejected, spelled

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("log")]

Given = tuple[list[str], dict[str, Any]]
PROGRAM = Path(settings.BASE_DIR) / "tools" / "verify_audit.py"


@pytest.fixture
def lines() -> list[str]:
    """Two checkpoints, five records, one of which was erased."""
    person = uuid7()
    record("a", subject=str(person), actor=f"user:{person}", reason="r", object="o:1")
    bundle()
    record("b", actor="user:x", correlation="c", before={"n": [1, None]})
    erase_person(user_id=person, reason="ticket 1")
    return bundle()


@pytest.fixture
def part(lines: list[str]) -> list[str]:
    """Of eight checkpoints the one that holds the record, an anchored one, one seen, the last."""
    for name in ("c", "d", "e", "f", "g"):
        record(name)
        bundle()
    sizes = list(Checkpoint.objects.values_list("size", flat=True))
    anchor(sizes[3])
    return bundle(Q(what="b"), seen=[sizes[4]])


@pytest.fixture(params=["whole", "part"])
def given(request: pytest.FixtureRequest) -> Given:
    """A bundle, and how it is verified: what is true of the whole log is true of a part."""
    if request.param == "whole":
        return request.getfixturevalue("lines"), {}
    return request.getfixturevalue("part"), {"part": True}


def test_the_whole_log_is_accepted_by_a_program_that_knows_no_django(
    lines: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "bundle"
    path.write_text("".join(lines))
    given = [part for key in keys() for part in ("--key", key)]
    command = [sys.executable, "-I", str(PROGRAM), str(path), *given]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "5 of 5 records are as they were signed" in done.stdout
    assert "0 of them have an anchor, which --rpc looks up" in done.stdout  # not: stand there
    path.write_text("".join(lines).replace('"what":"b"', '"what":"c"'))
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.returncode, done.stdout[:8]) == (1, "REJECTED")


def test_every_flipped_byte_is_noticed(given: Given, tmp_path: Path) -> None:
    lines, how = given
    whole = "".join(lines).encode()
    verify(tmp_path, whole, **how)
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 7
        assert is_rejected(tmp_path, bytes(flipped), **how), place


def test_lines_lost_doubled_swapped_or_cut_are_noticed(given: Given, tmp_path: Path) -> None:
    lines, how = given
    for at in range(len(lines)):
        assert is_rejected(tmp_path, lines[:at], **how), f"cut before {at}"
        assert is_rejected(tmp_path, [*lines[:at], *lines[at + 1 :]], **how), f"without {at}"
        assert is_rejected(tmp_path, [*lines[: at + 1], *lines[at:]], **how), f"{at} twice"
        swapped = [*lines[:at], *lines[at : at + 2][::-1], *lines[at + 2 :]]
        assert swapped == lines or is_rejected(tmp_path, swapped, **how), f"{at} swapped"
    whole = "".join(lines).encode()
    for more in (b"\n", b"{}\n", b" ", lines[0].encode()):
        assert is_rejected(tmp_path, whole + more, **how)


def places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in it."""
    inner = (
        content.items()
        if isinstance(content, dict)
        else enumerate(content)
        if isinstance(content, list)
        else ()
    )
    for key, value in inner:
        yield (*path, key)
        yield from places(value, (*path, key))


def change(content: Any, path: tuple[Any, ...], *, remove: bool) -> None:
    *way, last = path
    for key in way:
        content = content[key]
    if remove:
        del content[last]
    else:
        value = content[last]
        content[last] = (
            value + 1 if isinstance(value, int) else f"{value}0" if isinstance(value, str) else None
        )


def test_every_field_changed_or_removed_is_noticed(given: Given, tmp_path: Path) -> None:
    """Also where the line is spelled as it should be."""
    (lines, how), count = given, 0
    for at, line in enumerate(lines):
        for path in places(json.loads(line)):
            for remove in (False, True):
                wrong = edited(lines, at, lambda it: change(it, path, remove=remove))  # noqa: B023
                assert wrong == lines or is_rejected(tmp_path, wrong, **how), (at, path, remove)
                count += 1
    assert count > 150


def test_a_number_spelled_as_another_kind_of_value_is_noticed(given: Given, tmp_path: Path) -> None:
    """Equal to it for Python, and other bytes."""
    lines, how = given
    for at, line in enumerate(lines):
        for name, value in json.loads(line).items():
            for other in (float(value), value == 1) if type(value) is int else ():
                wrong = edited(lines, at, lambda it: it.update({name: other}))  # noqa: B023
                assert is_rejected(tmp_path, wrong, **how), (at, name, other)


def test_a_value_hidden_as_if_it_were_erased_is_noticed(lines: list[str], tmp_path: Path) -> None:
    (at,) = [n for n, line in enumerate(lines) if '"what":"b"' in line]
    index = json.loads(lines[at])["record"]["index"]
    row = Record.objects.get(index=index)

    def hide(names: set[str]) -> list[str]:
        def edit(content: Any) -> None:
            one = content["record"]
            for place, name in enumerate(FIELDS):
                if name in names:
                    del one["values"][name], one["salts"][name]
                    one["erased"][name] = bytes(row.commitments)[32 * place :][:32].hex()

        return edited(lines, at, edit)

    assert is_rejected(tmp_path, hide({"what"}))
    assert is_rejected(tmp_path, hide({"actor"}))
    assert is_rejected(tmp_path, hide({"object", "subject", "actor", "reason", "before", "after"}))


def test_a_part_is_accepted_as_a_part_with_what_explains_its_gaps(
    lines: list[str], tmp_path: Path
) -> None:
    part = bundle(Q(what="a") | Q(what="b"))
    with pytest.raises(Rejected, match="a part of the log"):
        verify(tmp_path, part)
    assert verify(tmp_path, part, part=True).records == 3  # a, b, the erasure
    erasures = [n for n, line in enumerate(part) if "audit.erased" in line]
    lost = [line for n, line in enumerate(part) if n not in (erasures[0], erasures[0] - 1)]
    assert is_rejected(tmp_path, lost, part=True)


def test_a_part_has_the_checkpoints_that_prove_its_records_and_no_others(
    part: list[str], tmp_path: Path
) -> None:
    sizes = list(Checkpoint.objects.values_list("size", flat=True))
    at = Record.objects.get(what="b").index + 1
    first = next(size for size in sizes if size >= at)
    erasure = next(size for size in sizes if size > Record.objects.get(what="audit.erased").index)
    proven = verify(tmp_path, part, part=True)
    wanted = {first, erasure, sizes[3], sizes[4], proven.size}
    assert [it.size for it in proven.checkpoints] == sorted(wanted)
    assert len(wanted) < len(sizes)
    assert len(proven.anchors) == 1
    whole = verify(tmp_path, bundle())
    assert len(whole.checkpoints) == Checkpoint.objects.count() == len(sizes) + 1


def test_a_part_is_compared_with_a_checkpoint_that_its_reader_asked_for(
    part: list[str], tmp_path: Path
) -> None:
    notes = list(Checkpoint.objects.values_list("note", flat=True))
    sizes = list(Checkpoint.objects.values_list("size", flat=True))
    verify(tmp_path, part, part=True, seen=[notes[4]])
    with pytest.raises(Rejected, match=f"export with --seen {sizes[5]}"):
        verify(tmp_path, part, part=True, seen=[notes[5]])
    before = bundle(Q(what="g"), seen=[sizes[0]])  # older than the record
    verify(tmp_path, before, part=True, seen=[notes[0]])
    with pytest.raises(NotFound, match="no checkpoint of size 99"):
        bundle(Q(what="g"), seen=[99])

    # The log's own key signed another root for who looked then.
    (shown,) = [json.loads(line)["checkpoint"] for line in forged(size=sizes[4])[1:2]]
    with pytest.raises(Rejected, match="two views"):
        verify(tmp_path, part, part=True, seen=[shown])
    place = next(n for n, line in enumerate(part) if spelled(notes[4]) in line)
    view = edited(part, place, lambda it: it.update(checkpoint=shown))
    with pytest.raises(Rejected, match="does not continue"):
        verify(tmp_path, view, part=True)


def test_an_older_bundle_or_another_history_is_noticed_by_who_kept_a_checkpoint(
    lines: list[str], tmp_path: Path
) -> None:
    seen = last_note()
    verify(tmp_path, lines, seen=[seen])
    record("later")
    later = bundle()
    verify(tmp_path, later, seen=[seen])
    with pytest.raises(Rejected, match="it was cut"):
        verify(tmp_path, lines, seen=[last_note()])

    # The log's own key signs another history of the same size, consistent in itself.
    with pytest.raises(Rejected, match=r"two views|another history"):
        verify(tmp_path, forged(size=5), seen=[seen])
    verify(tmp_path, forged(size=5))
    with pytest.raises(Rejected, match="another history"):
        verify(tmp_path, forged(size=6), seen=[seen])


def forged(*, size: int) -> list[str]:
    """A whole bundle that its signer made up."""
    frontier, records = Frontier(), []
    for index in range(size):
        values = {name: f"{name} {index}" for name in FIELDS}
        leaf = make_leaf(values)
        frontier.append(leaf.hash)
        salts = {name: salt.hex() for name, salt in zip(FIELDS, leaf.salts, strict=True)}
        records.append({"record": {"index": index, "values": values, "salts": salts, "erased": {}}})
    name = settings.AUDIT_LOG_NAME
    signer = NoteSigner(name, settings.AUDIT_SIGNING_KEYS[1])
    note = signer.sign(Statement(name, size, frontier.root()).text())
    parts: list[dict[str, Any]] = [
        {"format": "aiw3-audit-bundle/1", "log": name, "size": size},
        {"checkpoint": note},
        {"segment": [], "from": 0, "to": size},
        *records,
        {"end": size + 3},
    ]
    return [f"{spelled(part)}\n" for part in parts]


def test_a_key_that_is_rotated_leaves_old_checkpoints_valid(
    lines: list[str], tmp_path: Path, settings: Settings
) -> None:
    settings.AUDIT_SIGNING_KEYS = {**settings.AUDIT_SIGNING_KEYS, 2: b"2" * 32}
    record("signed with the new key")
    both = bundle()
    assert len(verify(tmp_path, both).checkpoints) == 3
    settings.AUDIT_SIGNING_KEYS = {2: b"2" * 32}
    with pytest.raises(Rejected, match=r"a key of .* that was not given"):
        verify(tmp_path, both)


def test_a_log_that_goes_on_under_a_new_name_verifies_under_it_from_the_first_record(
    lines: list[str], tmp_path: Path, settings: Settings
) -> None:
    settings.AUDIT_LOG_NAME = f"{settings.AUDIT_LOG_NAME}-2"
    record("after the restore")
    whole = verify(tmp_path, bundle())
    assert (whole.log, whole.records) == (settings.AUDIT_LOG_NAME, whole.size)
    assert [it.size for it in whole.checkpoints] == [whole.size]


def test_a_row_changed_behind_the_logs_back_is_noticed(lines: list[str], tmp_path: Path) -> None:
    """By who may: the owner of the server."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit.record SET actor = 'user:y' WHERE what = 'b'")
    assert is_rejected(tmp_path, bundle())


def test_the_key_is_in_no_repr() -> None:
    signer = NoteSigner("log", b"k" * 32)
    assert repr(signer) == "<NoteSigner log>"
    with pytest.raises(ValueError, match="name"):
        NoteSigner("a log", b"k" * 32)
