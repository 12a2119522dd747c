"""What the demo prints: a line for each step, and on a terminal what goes on meanwhile."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Step:
    """One step under way; what it found out is printed below its line."""

    def __init__(self, display: "Display", title: str) -> None:
        self.title = title
        self.facts: list[tuple[str, str]] = []
        self._display = display

    def fact(self, name: str, value: object) -> None:
        self.facts.append((name, str(value)))

    def now(self, what: str) -> None:
        """Show, on a terminal, what the step waits for."""
        self._display.show(f"{self.title}: {what}")


class Display:
    """`total` is the number of steps that the progress bar expects."""

    def __init__(self, *, total: int) -> None:
        self.console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        self._progress = Progress(
            SpinnerColumn(), BarColumn(24), TextColumn("{task.description}"), TimeElapsedColumn(),
            console=self.console, transient=True, disable=not self.console.is_terminal,
        )  # fmt: skip
        self._task = self._progress.add_task("", total=total)
        self._number = 0

    def __enter__(self) -> "Display":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def say(self, text: str = "") -> None:
        self.console.print(text)

    def show(self, text: str) -> None:
        self._progress.update(self._task, description=text)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Time a step and print it: what, how long, what came of it."""
        self._number += 1
        step, begin = Step(self, title), time.monotonic()
        self.show(title)
        outcome = "FAILED"
        try:
            yield step
            outcome = "ok"
        finally:
            seconds = time.monotonic() - begin
            self.say(f"{self._number:3}  {outcome:<6} {seconds:6.2f} s  {step.title}")
            for name, value in step.facts:
                self.say(f"{'':>22}{name:<13} {value}")
            self._progress.advance(self._task)
