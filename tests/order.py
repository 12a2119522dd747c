"""A pytest plugin: tests that start whole systems run folder by folder, in two rows.

So at most two such systems are alive in a parallel run, and each ends with its folder. The rows
are the largest units of work and begin first there, beside the tests of everything else.

Their processes are not measured for coverage, which would take a third longer; those of other
tests, servers and chains, are.
"""

import os

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

# About equally long.
ROWS = (
    (
        "tests/bench/",
        "tests/browser/",
        "tests/demo/",
        "tests/e2e/",
        "tests/web/test_admin.py",
        "tests/web/test_pages.py",
    ),
    ("tests/faults/test_", "tests/kafka/"),
)
WHOLE_SYSTEMS = tuple(prefix for row in ROWS for prefix in row)

MEASURE = "COVERAGE_PROCESS_CONFIG"
_measuring = os.environ.get(MEASURE)


class RowsOfSystems(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return next((f"whole systems {row}" for row in ROWS if nodeid.startswith(row)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> RowsOfSystems:
    return RowsOfSystems(config, log)


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
