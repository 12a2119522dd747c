"""The bridge, in a process that writes down when Kafka has acknowledged each event.

`python -m bench.events.acknowledged` runs it until SIGTERM. A file gets a line an event: its id
and the moment of CLOCK_MONOTONIC at which Kafka's commit returned.
"""

import os
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TextIO
from uuid import UUID

import django

FILE = "BENCH_ACKNOWLEDGED"  # the variable of the environment that names the file
LOOK_SECONDS = 0.02


def note(out: TextIO, event_ids: Iterable[UUID]) -> None:
    """Kafka has acknowledged these just now."""
    now = time.monotonic()
    out.writelines(f"{event_id} {now}\n" for event_id in event_ids)
    out.flush()


def see_acknowledged(file: Path, ready: Path, count: int, patience: float) -> dict[UUID, float]:
    """An observer of what is noted in `file` from now on."""
    found: dict[UUID, float] = {}
    file.touch()
    deadline = time.monotonic() + patience
    with file.open() as lines:
        lines.seek(0, os.SEEK_END)
        ready.touch()
        rest = ""
        while len(found) < count and time.monotonic() < deadline:
            *whole, rest = (rest + lines.read()).split("\n")
            found |= {UUID(event_id): float(at) for event_id, at in map(str.split, whole)}
            time.sleep(LOOK_SECONDS)
    return found


def main() -> None:
    django.setup()
    from events.consumer import Consumer
    from events.kafka.bridge import Bridge
    from events.models import Event
    from events.processes import run_until_signal

    bridge = Bridge()
    with Path(os.environ[FILE]).open("a") as out:

        def send(events: list[Event]) -> None:
            bridge.send(events)
            note(out, [event.event_id for event in events])

        run_until_signal({"bridge": Consumer(replace(bridge.group(), handle=send)).run})


if __name__ == "__main__":
    main()
