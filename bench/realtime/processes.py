"""What a server and its worker processes cost, as Linux counts it."""

import os
import re
from collections import defaultdict
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
PPID, UTIME, STIME = 1, 11, 12  # in /proc/PID/stat, counted after the name


def family(pid: int) -> list[int]:
    """The process and all that it started, directly or not."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").glob("[0-9]*"):
        if fields := _stat(int(entry.name)):
            children[int(fields[PPID])].append(int(entry.name))
    found = [pid]
    for known in found:  # grows while it is read
        found += children[known]
    return found


def cpu_seconds(pid: int) -> float:
    """Used by the whole family so far."""
    stats = [fields for one in family(pid) if (fields := _stat(one))]
    return sum(int(fields[UTIME]) + int(fields[STIME]) for fields in stats) / TICKS_A_SECOND


def memory_kib(pid: int) -> int:
    """Of the whole family; what several of them share is counted once (PSS)."""
    return sum(_pss(one) for one in family(pid))


def _stat(pid: int) -> list[str]:
    """The fields after the name; empty when the process has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return text.rpartition(") ")[2].split()


def _pss(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(r"^Pss:\s+(\d+) kB", text, flags=re.MULTILINE)
    return int(found[1]) if found else 0
