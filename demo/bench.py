"""`make bench PART=upgrades`: the backend's own time in an upgrade, over several of them."""

import json
from collections.abc import Callable
from statistics import median

from demo.system import ROOT
from demo.timing import UpgradeTiming


def measure_upgrades(upgrade: Callable[[], UpgradeTiming], count: int) -> int:
    """Write `build/bench.json`; each measure beside the whole upgrade of the same run (ms)."""
    timings = [upgrade() for _ in range(count)]
    totals = [timing.total_ms for timing in timings]
    own = [timing.own_ms for timing in timings]
    measures = {"backend_own_time": _measure(own, totals)}
    for name in timings[0].parts:
        measures[name.replace(" ", "_")] = _measure([t.parts[name] for t in timings], totals)
    path = ROOT / "build" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    kept = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(kept | {"upgrades": measures}, indent=2) + "\n")
    print(f"\nThe backend's own time, median of {count}: {median(own):.0f} ms")
    print(f"  each: {', '.join(f'{value:.0f}' for value in own)} ms; written to {path.name}")
    return 0


def _measure(samples: list[float], baseline: list[float]) -> dict[str, object]:
    return {
        "value": round(median(samples), 1),
        "unit": "ms",
        "baseline": round(median(baseline), 1),
        "ratio": round(median(samples) / median(baseline), 4),
        "samples": [round(sample, 1) for sample in samples],
    }
