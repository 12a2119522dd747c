"""A result as text."""

from tests.faults.services.plan import strikes_of
from tests.faults.services.run import Result

ROW = "  {:<28}{:>10}  {:<18}{:<18}{}"


def report(result: Result) -> str:
    verdict = result.verdict
    rate = result.events / result.writing_seconds if result.writing_seconds else 0
    strikes = ", ".join(f"{it} {result.hits[it]}" for it in strikes_of(result.profile, result.bus))
    lines = [
        f"Seed {result.seed}: SEED={result.seed} repeats the plan and the members' dice.",
        f"{result.events:,} events in {result.writing_seconds:.0f} s ({rate:.0f}/s with those that "
        f"the services published), read from the {result.bus}.",
        f"Strikes: {strikes}.",
        f"Everything was handled {result.settling_seconds or 0:.1f} s after the last one.",
        "",
        ROW.format("table", "rows", "after the kills", "replay from zero", ""),
        *(
            ROW.format(
                table, f"{killed.rows:,}", killed.sha256[:16], calm.sha256[:16],
                "" if killed == calm else "DIFFERENT",
            )
            for table, killed, calm in verdict.hashes
        ),
        "",
        *(f"  {what}: {count:,}" for what, count in verdict.counts.items()),
        *(f"It never came to this: {it}." for it in result.never),
    ]  # fmt: skip
    if verdict.breaches:
        lines += ["", "BREACHES", *(f"  {breach[:500]}" for breach in verdict.breaches)]
    return "\n".join(lines)
