"""The benchmarks still run and write what they promise; figures are for quiet machines."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.measures import Measure, at_least, at_most, percentile
from bench.report import Report, table, write
from core.processes import spawn, stop

ROOT = Path(__file__).resolve().parents[2]
EVENTS = {
    "append_2_writers", "browser_40_p50", "browser_40_p99", "browser_80_p50", "browser_80_p99",
    "kafka_ack_80_p50", "kafka_ack_80_p99", "kafka_seen_80_p50", "kafka_seen_80_p99", "effect_postgres_80_p50", "effect_postgres_80_p99",
    "effect_kafka_80_p50", "effect_kafka_80_p99", "kafka_drain", "consumer_postgres",
    "consumer_kafka",
}  # fmt: skip


def test_a_ratio_compares_within_each_round() -> None:
    measure = Measure("m", "ms", [10.0, 30.0, 20.0], [5.0, 10.0, 10.0])
    assert (measure.value, measure.baseline_value, measure.ratio) == (20.0, 10.0, 2.0)


def test_a_limit_knows_which_side_is_good() -> None:
    assert Measure("m", "x/s", [9.0], limit=at_least(10)).met is False
    assert Measure("m", "ms", [9.0], limit=at_most(10)).met is True
    assert Measure("m", "ms", [9.0]).met is None


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile([7.0], 0.5) == 7.0


def _write(folder: Path, part: str, value: float) -> tuple[Path, Path]:
    data, page = folder / "build" / "bench.json", folder / "performance.md"
    measure = Measure("speed", "x/s", [value], [1.0], "walking", at_least(5))
    write(Report(part, part.title(), [measure], {"Kafka": "9"}), data=data, page=page)
    return data, page


def test_measuring_one_part_keeps_the_others(tmp_path: Path) -> None:
    _write(tmp_path, "events", 3)
    _write(tmp_path, "upgrades", 7)
    data, page = _write(tmp_path, "events", 4)
    kept = json.loads(data.read_text())
    assert {part: kept[part]["speed"]["value"] for part in kept} == {"events": 4, "upgrades": 7}
    text = page.read_text()
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# Performance", "## Events", "## Upgrades",
    ]  # fmt: skip
    assert "| speed | 4 | x/s | ≥ 5 (missed) | 1 | 4.00 | walking |" in text
    assert "| speed | 3 |" not in text


def test_the_table_says_what_the_baseline_is() -> None:
    assert "walking" in table([Measure("speed", "x/s", [3.0], [1.0], "walking")])


@pytest.mark.kafka
def test_every_measure_of_events_runs(tmp_path: Path) -> None:
    if not (shutil.which("java") and shutil.which("mvn")):
        pytest.skip("Kafka needs Java and Maven")
    log = tmp_path / "log"
    (tmp_path / "docs").mkdir()
    with log.open("wb") as out:
        bench = spawn(
            [sys.executable, "-m", "bench", "events", "--quick", "--output", tmp_path],
            cwd=ROOT, log=out,
        )  # fmt: skip
    try:
        code = bench.wait(800)
    finally:
        stop(bench)
    assert code == 0, log.read_text()
    found = json.loads((tmp_path / "build" / "bench.json").read_text())["events"]
    assert set(found) == EVENTS
    assert all(len(m["samples"]) == 1 and m["baseline"] is not None for m in found.values())
    assert "## Events" in (tmp_path / "docs" / "performance.md").read_text()


def test_an_unknown_part_is_refused() -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "bench", "nothing"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert refused.returncode == 2
    assert "nothing" in refused.stderr
