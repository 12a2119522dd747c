"""A pytest plugin: tests that start whole systems run last, folder by folder, in one process.

So at most one such system is alive in a parallel run, and it ends with its folder. That row is
the largest unit of work and begins first there, beside the tests of everything else.

Their processes are not measured for coverage, which would take a third longer; those of other
tests, servers and chains, are.
"""

import os

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

WHOLE_SYSTEMS = (
    "tests/bench/",
    "tests/browser/",
    "tests/demo/",
    "tests/e2e/",
    "tests/faults/test_",
    "tests/kafka/",
    "tests/web/test_admin.py",
    "tests/web/test_pages.py",
)

MEASURE = "COVERAGE_PROCESS_CONFIG"
_measuring = os.environ.get(MEASURE)


class OneRowOfSystems(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return "whole systems" if nodeid.startswith(WHOLE_SYSTEMS) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneRowOfSystems:
    return OneRowOfSystems(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_folder_of_systems)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.nodeid.startswith(WHOLE_SYSTEMS):
        os.environ.pop(MEASURE, None)
    elif _measuring is not None:
        os.environ[MEASURE] = _measuring


def _folder_of_systems(item: pytest.Item) -> str:
    """Empty, and so first, for all other tests, whose order stays."""
    return str(item.path.parent) if item.nodeid.startswith(WHOLE_SYSTEMS) else ""
