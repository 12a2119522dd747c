"""Processes that wait for work: writers and observers."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

from core.processes import die_with_parent

START_SECONDS = 180.0  # a busy machine needs its time

P = ParamSpec("P")
R = TypeVar("R")


class Helper:
    """One process, with Django set up, that runs functions one after the other."""

    def __init__(self, executor: ProcessPoolExecutor):
        self._executor = executor

    def begin(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        return self._executor.submit(work, *args, **kwargs)


@contextmanager
def helpers(count: int) -> Iterator[list[Helper]]:
    """`count` processes, up and idle when the block begins."""
    with ExitStack() as stack:
        pools = [
            stack.enter_context(
                ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_set_up)
            )
            for _ in range(count)
        ]
        for started in [pool.submit(os.getpid) for pool in pools]:
            started.result(START_SECONDS)
        yield [Helper(pool) for pool in pools]


def _set_up() -> None:
    die_with_parent()
    import django

    django.setup()
