"""Several lanes at work on one heap of cases."""

import json
import os
import queue
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Self

from core.processes import die_with_parent, stop
from proof.cases import Case, Result
from proof.ground import Ground
from proof.programs import ROOT


class LaneEnded(Exception):
    """A lane ended in the middle; the message ends with the tail of its log."""


class Lane:
    def __init__(self, ground: Ground, number: int, *, pace: str) -> None:
        self._folder = ground.folder / f"lane{number}"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "proof.lane", self._folder, pace],
                cwd=ROOT, env=ground.for_lane(number), preexec_fn=die_with_parent,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                start_new_session=True,
            )  # fmt: skip

    @property
    def log(self) -> Path:
        return self._folder / "lane.log"

    def run(self, case: Case) -> Result:
        """Raises LaneEnded."""
        to, back = self._process.stdin, self._process.stdout
        assert to is not None and back is not None  # noqa: S101, PT018 - pipes were asked for
        try:
            to.write(json.dumps(asdict(case)) + "\n")
            to.flush()
            line = back.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise LaneEnded(f"A lane ended.\n{self.log.read_text()[-3000:]}")
        return Result.of(json.loads(line))

    def stop(self) -> None:
        """Its processes end with it."""
        stop(self._process, grace=5)  # type: ignore[arg-type]
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(BrokenPipeError):  # a case that it never read
                pipe.close()  # type: ignore[union-attr]


class Crew:
    """Start it in a thread that outlives it; the lanes end with that thread."""

    def __init__(self, ground: Ground, lanes: int, *, pace: str) -> None:
        self._lanes = [Lane(ground, number, pace=pace) for number in range(lanes)]

    def run(self, cases: Iterable[Case], tell: Callable[[Result], None]) -> list[Result]:
        """Each case by whichever lane is free; `tell` hears of each result, one at a time."""
        heap: queue.SimpleQueue[Case] = queue.SimpleQueue()
        for case in cases:
            heap.put(case)
        done: queue.SimpleQueue[Result | None] = queue.SimpleQueue()

        def work(lane: Lane) -> None:
            try:
                while True:
                    done.put(lane.run(heap.get_nowait()))
            except queue.Empty:
                pass
            finally:
                done.put(None)

        with ThreadPoolExecutor(len(self._lanes)) as pool:
            jobs = [pool.submit(work, lane) for lane in self._lanes]
            try:
                results = _listen(done, len(jobs), tell)
            except BaseException:  # as Ctrl-C: no thread may wait for a lane any more
                self._stop()
                raise
            for job in jobs:
                job.result()
        return results

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _stop(self) -> None:
        for lane in self._lanes:
            lane.stop()


def _listen(
    done: "queue.SimpleQueue[Result | None]", lanes: int, tell: Callable[[Result], None]
) -> list[Result]:
    """Until every lane has said that nothing is left (None)."""
    results = []
    while lanes:
        result = done.get()
        if result is None:
            lanes -= 1
        else:
            results.append(result)
            tell(result)
    return results


def default_lanes() -> int:
    """Most of a case is waiting, so more than there are processors."""
    return 3 * (os.cpu_count() or 1)
