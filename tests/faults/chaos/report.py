"""A result as text."""

from tests.faults.chaos.plan import Fault
from tests.faults.chaos.run import Result

ROW = "  {:<26}{:>10}{:>12}{:>10}{:>10}{:>13}"


def report(result: Result) -> str:
    lines = [
        f"Seed {result.seed}: SEED={result.seed} repeats the plan and the writers' dice.",
        "",
        *_written(result),
        *_faults(result),
        _catch_up(result),
        "",
        *_table(result),
        "",
        f"Dead letters: {result.dead_letters}",
    ]
    if result.breaches:
        lines += ["", "BREACHES", *(f"  {breach}" for breach in result.breaches)]
    else:
        lines.append("Every effect equals the log, per event and in order.")
    return "\n".join(lines)


def _written(result: Result) -> list[str]:
    log, written = result.log, result.written
    ids = {row.event_id for row in log}
    rate = len(log) / result.writing_seconds if result.writing_seconds else 0
    return [
        f"Written: {len(log):,} events in {result.writing_seconds:.0f} s ({rate:.0f}/s; asked for "
        f"{result.profile.rate}/s), "
        f"{written.transactions:,} transactions on {len(written.by_connection)} connections.",
        f"  rolled back or cut off: {len(written.abandoned):,} events; commits without an answer: "
        f"{len(written.unanswered)}, of which {written.happened(ids)} had happened",
    ]


def _faults(result: Result) -> list[str]:
    kinds = ", ".join(f"{kind} {result.hits[kind]}" for kind in result.profile.kinds)
    restarts = ", ".join(f"{role} {count}" for role, count in sorted(result.restarts.items()))
    return [f"Faults: {kinds}.", f"Restarts: {restarts}."]


def _catch_up(result: Result) -> str:
    if result.catch_up_seconds is None:
        return "Never caught up."
    return f"Caught up {result.catch_up_seconds:.1f} s after everything was back."


def _table(result: Result) -> list[str]:
    head = ROW.format("what", "effects", "repeated", "missing", "unknown", "out of order")
    rows = [
        ROW.format(
            item.name, f"{item.count:,}",
            f"{item.repeated:,}{' (may)' if item.may_repeat and item.repeated else ''}",
            item.missing, item.unknown, item.misordered,
        )
        for item in result.comparisons
    ]  # fmt: skip
    return [head, *rows]


def unused(result: Result) -> list[Fault]:
    """Kinds of faults that never happened."""
    return [kind for kind in result.profile.kinds if not result.hits[kind]]
