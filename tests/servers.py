"""A pytest plugin: real PostgreSQL and Redis for the whole run, started before Django loads.

With xdist only the controller starts them; workers inherit the environment and use a
Redis database number of their own. At the end the plugin says what was left out; with
REQUIRE_ALL=1 in the environment every omission is a failure.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import HealthCheck, settings
from solders.keypair import Keypair

from core.processes import spawn
from demo.servers import Server, start_postgres, start_redis

# How fast this machine is decides nothing.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

_running: list[Server] = []
_folder: list[Path] = []
_installing: list[subprocess.Popen[bytes]] = []


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        _start_servers()
        asked = early_config.known_args_namespace
        if not asked.file_or_dir and not asked.collectonly:
            # Whichever test needs it first waits for it.
            _installing.append(spawn([sys.executable, "-m", "tests.browser.chromium"]))
    else:
        number = int(worker.removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = os.environ["REDIS_URL"].removesuffix("/0") + f"/{number}"
    return (yield)


def _start_servers() -> None:
    folder = Path(tempfile.mkdtemp(prefix="aiw3-tests-"))
    folder.chmod(0o711)
    (folder / "static").mkdir()
    _folder.append(folder)
    fast = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=600")
    postgres = start_postgres(folder / "postgres", settings=fast)
    _running.append(postgres)
    redis = start_redis(folder / "redis")
    _running.append(redis)
    os.environ.update(
        DATABASE_URL=postgres.url,
        REDIS_URL=redis.url,
        SECRET_KEY=secrets.token_urlsafe(32),
        JWT_SIGNING_KEY=secrets.token_urlsafe(32),
        MINT_DERIVATION_SECRETS=f"1:{secrets.token_hex(32)}",
        MINT_AUTHORITY_KEYPAIR=str(Keypair()),
        AUDIT_SIGNING_KEYS=f"1:{secrets.token_hex(32)}",
        SOLANA_RPC_URL="http://127.0.0.1:1",
        STATIC_ROOT=str(folder / "static"),
        NFT_STORAGE_OPTIONS=json.dumps({"location": str(folder / "nft")}),
        DATABASE_POOL_SIZE="0",  # threads come and go; the pool is tested in real processes
        DEBUG="false",
        SECURE_COOKIES="false",
        ADMIN_REQUIRE_OTP="false",  # its own tests turn it on
        ALLOWED_HOSTS="testserver,127.0.0.1,localhost",
    )


@pytest.fixture(autouse=True)
def _no_language_left() -> Iterator[None]:
    """A request leaves its language in the thread, and another test would hear German."""
    yield
    translation.deactivate()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_omission(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_omission(report)
    return report


def _refuse_omission(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and os.environ.get("REQUIRE_ALL") == "1":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"Left out, which REQUIRE_ALL=1 forbids: {reason}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = len(terminalreporter.stats.get("skipped", []))
    deselected = len(terminalreporter.stats.get("deselected", []))
    if skipped or deselected:
        terminalreporter.write_line(f"Left out: {skipped} skipped, {deselected} deselected.")
    else:
        terminalreporter.write_line("Nothing was left out.")


def pytest_unconfigure() -> None:
    while _running:
        _running.pop().stop()
    while _folder:
        shutil.rmtree(_folder.pop(), ignore_errors=True)
