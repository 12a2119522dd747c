"""Debian's Chromium and its driver: found on PATH, or installed when we may.

A run of everything starts `python -m tests.browser.chromium` first, so that the minute or two
which that takes pass beside other tests.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from selenium.common import SessionNotCreatedException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from core.processes import die_with_parent
from tests.patience import PATIENCE

PROGRAMS = ("chromium", "chromedriver")
INSTALL_SECONDS = 600
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # which root may not use
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Several tabs are watched at once, all but one in the background.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--remote-debugging-pipe",  # the browser ends with its driver, however that ends
    "--window-size=1100,800",
)


class ChromiumMissing(Exception):
    """There is no Chromium here, and it cannot be installed."""


def start_chromium(profile: Path) -> Chrome:
    """Raises ChromiumMissing. To be ended with `quit()`."""
    install()
    options = ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = _start(options)
    driver.set_script_timeout(PATIENCE)
    driver.set_page_load_timeout(PATIENCE)
    return driver


def _start(options: ChromeOptions) -> Chrome:
    """The driver gives the browser a minute, which the first start on a busy machine may exceed."""
    for is_last in (False, False, True):
        service = ChromeService(
            shutil.which("chromedriver"), popen_kw={"preexec_fn": die_with_parent}
        )
        try:
            return Chrome(options=options, service=service)
        except SessionNotCreatedException:
            if is_last:
                raise
    raise AssertionError


def _are_installed() -> bool:
    return all(shutil.which(program) for program in PROGRAMS)


def install() -> None:
    """Unless it is there. Raises ChromiumMissing."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with _one_at_a_time():  # first: what is half unpacked is on PATH too
            if not _are_installed():
                _apt_get("update")
                _apt_get(
                    "install", "--yes", "--no-install-recommends", "chromium", "chromium-driver"
                )
    elif not _are_installed():
        raise ChromiumMissing("Chromium is not installed (Debian: chromium, chromium-driver).")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """The tests may run in two processes."""
    with (Path(tempfile.gettempdir()) / "aiw3-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _apt_get(*arguments: str) -> None:
    try:
        subprocess.run(
            ["apt-get", "--quiet", "-o", "DPkg::Lock::Timeout=200", *arguments],
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True, text=True, timeout=INSTALL_SECONDS, check=True,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise ChromiumMissing(f"apt-get {arguments[0]} failed: {error.stderr[-500:]}") from None
    except subprocess.TimeoutExpired:
        raise ChromiumMissing(f"apt-get {arguments[0]} took over {INSTALL_SECONDS} s.") from None


if __name__ == "__main__":
    with suppress(ChromiumMissing):  # whoever needs it asks again, and says why it is not there
        install()
