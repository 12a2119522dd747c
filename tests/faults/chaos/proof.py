"""The proof of the event log as a part of `make faults`."""

import shutil
import tempfile
from pathlib import Path

from tests.faults.chaos.plan import PROFILES
from tests.faults.chaos.report import report, unused
from tests.faults.chaos.run import run
from tools.kafka.server import KafkaMissing


def are_events_kept(profile: str, seed: int) -> bool:
    """Whether nothing was lost, doubled or out of order; keeps the logs when something was."""
    folder = Path(tempfile.mkdtemp(prefix="aiw3-faults-"))
    folder.chmod(0o711)  # root's PostgreSQL runs as somebody else
    kept = False
    try:
        kept = _is_kept(folder, profile, seed)
    except (KafkaMissing, RuntimeError) as error:
        _say(str(error))
    except KeyboardInterrupt:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if kept:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        _say(f"Logs and journals: {folder}")
    return kept


def _is_kept(folder: Path, profile: str, seed: int) -> bool:
    result = run(folder, PROFILES[profile], seed, _say)
    _say(f"\n{report(result)}")
    never = unused(result)
    for kind in never:
        _say(f"It never came to this: {kind}. The run proves less than it should.")
    return not result.breaches and not never


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201
