"""The real server processes behind a proxy that can fail, and the tabs of a browser."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone
from django.utils.crypto import get_random_string
from selenium.webdriver import Chrome

from accounts.models import LoginSession
from accounts.services import bind_browser_session
from core.processes import spawn, stop
from events.services import publish
from tests.browser.proxy import FaultyProxy
from tests.patience import PATIENCE
from tests.realtime.feed import Person, badge
from tests.realtime.servers import WebServer, start_web, test_database_url

# A page of our origin on which nothing else happens.
EMPTY_PAGE = "/healthz"
# Short waits, but long limits: a slow machine is not to look like a fault.
QUICK = {
    "openWithin": 30_000, "silence": 60_000, "streamAgainAfter": 120_000,
    "retryFirst": 100, "retryMost": 500, "pollWait": 2,
}  # fmt: skip
NEVER = 3_600_000  # for a wait that something else has to end
START_CLIENT = """
const [options, token, done] = arguments;
const seen = window.seen = { sequences: [], states: [], resets: [] };
const csrf = options.csrfToken;
if (csrf) options.csrfToken = () => csrf;
if (token) options.authorization = () => `Bearer ${token}`;
import("/static/live/nft-events.js").then(({ NftEvents }) => {
  window.client = new NftEvents({
    ...options,
    onEvent: (event) => seen.sequences.push(event.sequence),
    onState: (state) => seen.states.push(state),
    onReset: (reset) => seen.resets.push(reset),
  });
  window.client.start();
  done(null);
}, (error) => done(String(error)));
"""


@dataclass
class Site:
    """Web, sequencer and consumer group `realtime`; browsers know the proxy's address only."""

    web: WebServer
    proxy: FaultyProxy

    @property
    def base(self) -> str:
        return self.proxy.base

    def kill_web(self) -> None:
        stop(self.web.process, how=signal.SIGKILL)

    def start_web(self) -> None:
        """Another one, in the place of the one before."""
        self.web = _start_web()
        self.proxy.target = self.web.port


@contextmanager
def running_site() -> Iterator[Site]:
    url = test_database_url()
    environment = {"DATABASE_URL": url, "DATABASE_DIRECT_URL": url, "REDIS_URL": settings.REDIS_URL}
    consumer = spawn(
        [sys.executable, "manage.py", "consume", "realtime", "--with-sequencer"],
        env=os.environ | environment,
    )
    with ExitStack() as cleanup:
        cleanup.callback(stop, consumer)
        site = Site(_start_web(), FaultyProxy())
        cleanup.callback(lambda: site.web.stop())  # whichever it is then
        cleanup.callback(site.proxy.close)
        site.proxy.target = site.web.port
        yield site


def _start_web() -> WebServer:
    return start_web(STATIC_ROOT=str(settings.BASE_DIR / "static"), STREAM_RETRY_MS="200")


def happen(person: Person, count: int = 1) -> None:
    """That many events, each committed on its own."""
    for _ in range(count):
        with transaction.atomic():
            publish(badge(person.user))


@dataclass
class Browser:
    """`driver` shows one tab at a time; whoever works in another one turns to it first."""

    driver: Chrome
    base: str
    csrf_token: str = field(default_factory=lambda: get_random_string(32), repr=False)

    def sign_in(self, person: Person) -> None:
        """A session as `POST /api/auth/login` makes it, while some page of ours is shown."""
        client = Client()
        client.force_login(person.user)
        bind_browser_session(
            session=LoginSession.objects.get(id=person.session_id),
            session_key=client.session.session_key or "",
            replaces=None,
            now=timezone.now(),
        )
        for name, value in {
            settings.SESSION_COOKIE_NAME: client.session.session_key,
            settings.CSRF_COOKIE_NAME: self.csrf_token,
        }.items():
            self.driver.add_cookie({"name": name, "value": value, "path": "/"})

    def open(self, path: str = EMPTY_PAGE) -> "Tab":
        self.driver.switch_to.new_window("tab")
        self.driver.get(self.base + path)
        return Tab(self, self.driver.current_window_handle)

    def set_offline(self, is_offline: bool) -> None:
        """For the tab that is shown."""
        self.driver.set_network_conditions(offline=is_offline, latency=0, throughput=-1)

    def close(self) -> None:
        first, *others = self.driver.window_handles
        for handle in others:
            self.driver.switch_to.window(handle)
            self.driver.close()
        self.driver.switch_to.window(first)
        self.driver.delete_all_cookies()


@dataclass
class Tab:
    browser: Browser
    handle: str

    def run(self, script: str, *arguments: Any) -> Any:
        self.browser.driver.switch_to.window(self.handle)
        return self.browser.driver.execute_script(script, *arguments)

    def start_client(self, *, token: str | None = None, **options: Any) -> None:
        """With the browser's session, or with an access token."""
        self.browser.driver.switch_to.window(self.handle)
        session = {} if token else {"csrfToken": self.browser.csrf_token}
        failed = self.browser.driver.execute_async_script(
            START_CLIENT, QUICK | session | options, token
        )
        assert failed is None, failed

    @property
    def sequences(self) -> list[int]:
        return list(self.run("return window.seen.sequences"))

    @property
    def states(self) -> list[str]:
        return list(self.run("return window.seen.states"))

    @property
    def state(self) -> str:
        return str(self.run("return window.client.state"))

    def wait_for_state(self, *states: str) -> None:
        wait_until(lambda: self.state in states, lambda: f"{states}, but {self.states}")

    def wait_for_events(self, last: int) -> None:
        """Returns once the tab has had the event of that number, or a later one."""
        wait_until(
            lambda: max(self.sequences, default=0) >= last, lambda: f"{last}, but {self.sequences}"
        )


def wait_until(happens: Callable[[], object], seen: Callable[[], str]) -> None:
    """`seen()` tells what was there instead."""
    deadline = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < deadline, f"Waited for {seen()}."
        time.sleep(0.05)
