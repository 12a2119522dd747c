"""What was measured: as a table, in `build/bench.json`, and in `docs/performance.md`."""

import json
import os
import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.measures import Measure

COLUMNS = ("measure", "value", "unit", "limit", "baseline", "ratio", "the baseline is")
INTRODUCTION = """# Performance

Written by `make bench` from what it measured; do not edit. `make bench PART=events` measures one
part anew and keeps the others. Each value is the median of its rounds. A baseline ran in the same
minutes, in turn with the measure; the ratio is the median of the rounds' own ratios, and says more
than a value that depends on the machine. Latencies are open-loop: events are written by a schedule,
whether or not the ones before have arrived, and timed from the commit's return in the writer to the
arrival in another process.
"""


@dataclass(frozen=True)
class Report:
    """`conditions` are shown under the title, as what ran in which version."""

    part: str
    title: str
    measures: list[Measure]
    conditions: Mapping[str, str]


def table(measures: Iterable[Measure]) -> str:
    """Aligned columns for a terminal."""
    rows = [COLUMNS, *map(_row, measures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def write(report: Report, *, data: Path, page: Path) -> None:
    """Put the part into both files; what they hold of other parts stays."""
    for folder in (data.parent, page.parent):
        folder.mkdir(parents=True, exist_ok=True)
    kept = json.loads(data.read_text()) if data.exists() else {}
    measured = {measure.name: measure.document() for measure in report.measures}
    data.write_text(json.dumps(kept | {report.part: measured}, indent=2) + "\n")
    sections = _sections(page.read_text()) if page.exists() else {}
    sections[report.title] = _section(report)
    body = "\n".join(sections[title] for title in sorted(sections))
    page.write_text(f"{INTRODUCTION}\n{body}")


def _sections(text: str) -> dict[str, str]:
    """The page's parts by title."""
    found = re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", text, flags=re.MULTILINE)
    return {title: f"## {title}\n{body.rstrip()}\n" for title, body in found}


def _section(report: Report) -> str:
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    machine = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
    others = [f"{name} {value}" for name, value in report.conditions.items()]
    rows = [COLUMNS, tuple("---" for _ in COLUMNS), *map(_row, report.measures)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(
        [f"## {report.title}", "", f"{when}; {', '.join([machine, *others])}.", "", *lines, ""]
    )


def _row(measure: Measure) -> tuple[str, ...]:
    missed = " (missed)" if measure.met is False else ""
    return (
        measure.name.replace("_", " "),
        _number(measure.value),
        measure.unit,
        f"{measure.limit}{missed}" if measure.limit is not None else "",
        _number(measure.baseline_value),
        "" if measure.ratio is None else f"{measure.ratio:.2f}",
        measure.against,
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
