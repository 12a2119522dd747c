"""The run of `make faults` in its short form, and what its verdict is worth.

The verdict on readers and bridges that break the promise is asked in tests/kafka/test_proof.py.
"""

import json
import random
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.chaos.journals import Written, read_journals
from tests.faults.chaos.plan import KINDS, PROFILES, Fault, faults
from tests.faults.chaos.report import report
from tests.faults.chaos.run import run
from tests.faults.chaos.verdict import Happened, Logged, compare, log_breaches
from tools.kafka.server import KafkaMissing, fetch_jars


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="aiw3-faults-"))
    path.chmod(0o711)  # root's PostgreSQL runs as somebody else
    yield path
    shutil.rmtree(path)


@pytest.mark.kafka
def test_after_everything_was_killed_every_effect_equals_the_log(folder: Path) -> None:
    try:
        fetch_jars()
    except KafkaMissing as reason:
        pytest.skip(str(reason))
    result = run(folder, PROFILES["short"], secrets.randbelow(1_000_000), print)
    assert result.breaches == [], report(result)
    assert result.log
    assert result.hits


@pytest.mark.parametrize("name", PROFILES)
def test_every_kind_of_fault_is_planned_whatever_the_seed(name: str) -> None:
    profile = PROFILES[name]
    for seed in range(50):
        plan = list(faults(profile, random.Random(seed)))
        assert {fault for _, fault in plan} == set(profile.kinds)
        assert plan[-1][0] <= profile.seconds
    assert {kind for kind in KINDS if not kind.freezes} <= set(profile.kinds)
    assert str(Fault("bridge", freezes=True)) == "bridge frozen"


def happened(text: str) -> list[Happened]:
    """`a1 b1 a2`: event 1 of lane a, and so on."""
    return [Happened(word[0], word) for word in text.split()]


@pytest.mark.parametrize(
    ("seen", "breaches"),
    [
        ("a1 b1 a2 b2", []),
        ("b1 b2 a1 a2", []),  # between lanes no order is promised
        ("a1 b1 a2 b2 a2", ["it: 1 repeated"]),
        ("a1 b1 b2", ["it: 1 missing"]),
        ("a2 a1 b1 b2", ["it: 1 misordered"]),
        ("a1 b1 a2 b2 a3", ["it: 1 unknown"]),
        ("", ["it: 4 missing"]),
    ],
)
def test_effects_that_differ_from_the_log_are_a_breach(seen: str, breaches: list[str]) -> None:
    found = compare("it", happened("a1 b1 a2 b2"), happened(seen), may_repeat=False)
    assert found.breaches == breaches


def test_a_receiver_outside_may_hear_twice_but_never_late() -> None:
    expected = happened("a1 a2 a3")
    assert not compare("it", expected, happened("a1 a2 a1 a2 a3"), may_repeat=True).breaches
    late = compare("it", expected, happened("a1 a3 a1 a2 a3"), may_repeat=True)
    assert late.breaches == ["it: 1 misordered"]


def row(event_id: str, position: int | None, sequence: int | None, user: str = "ann") -> Logged:
    return Logged(event_id, "badge_activated", user, user, position, sequence)


def fates(committed: str = "", abandoned: str = "", unanswered: str = "") -> Written:
    written = Written(set(committed.split()), set(abandoned.split()), set(unanswered.split()))
    written.unanswered = [unanswered.split()] if unanswered else []
    written.by_connection["one"] = [*committed.split(), *abandoned.split(), *unanswered.split()]
    return written


@pytest.mark.parametrize(
    ("log", "written", "breach"),
    [
        ([row("a", 1, 1), row("b", 2, 2)], fates("a b", "c", "d e"), None),
        ([row("a", 1, 1), row("b", 2, 2)], fates("a", "", "b"), None),
        ([row("a", None, None)], fates("a"), "1 rows without a position"),
        ([row("a", 1, 1), row("b", 3, 2)], fates("a b"), "1 gaps or repeats in positions"),
        ([row("a", 1, 1), row("b", 2, 3)], fates("a b"), "1 gaps, repeats or disorder in users'"),
        ([row("a", 1, 1)], fates("a b"), "1 acknowledged events not in the log"),
        ([row("a", 1, 1)], fates("", "a"), "1 rolled-back events in the log"),
        ([row("a", 1, 1)], fates(), "1 events in the log that nobody wrote"),
        ([row("a", 1, 1)], fates("", "", "a b"), "1 transactions torn apart"),
        ([row("b", 1, 1), row("a", 2, 2)], fates("a b"), "1 events before an earlier one"),
    ],
)
def test_a_log_that_differs_from_what_its_writers_were_promised_is_a_breach(
    log: list[Logged], written: Written, breach: str | None
) -> None:
    found = log_breaches(log, written)
    assert any(line.startswith(f"log: {breach}") for line in found) if breach else found == []


def test_a_commit_without_an_answer_counts_as_neither(tmp_path: Path) -> None:
    lines = [
        [1, "unknown", ["a"]], [1, "committed", ["a"]], [2, "unknown", ["b"]],
        [3, "abandoned", ["c"]],
    ]  # fmt: skip
    cut = '[4, "unkno'
    text = "".join(f"{json.dumps(line)}\n" for line in lines) + cut
    (tmp_path / "writer.0.jsonl").write_text(text)
    written = read_journals(tmp_path)
    assert (written.committed, written.doubtful, written.abandoned) == ({"a"}, {"b"}, {"c"})
    assert written.happened({"a", "b"}) == 1
    assert written.by_connection == {"writer.0": ["a", "b", "c"]}
