"""The back office of a running system, and an operator in it with an authenticator."""

import time
from base64 import b32decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import LiteralString

import httpx
import psycopg
from axe_playwright_python.sync_playwright import Axe
from django_otp.oath import hotp
from playwright.sync_api import Page, ViewportSize

from core.processes import spawn, stop
from demo.servers import free_port
from demo.system import ROOT
from tests.browser.system import wait_until
from tests.e2e.conftest import QuickSystem
from tests.plain_http import NO_TLS
from tests.web.looking import LOOKS, SHOTS
from tests.web.visitor import Visitor

# unfold's own parts, which axe is not asked about: the names of areas in its side bar and the steps in
# its header are grey on grey; its choice of many and its filters have no labels. Its inlines have a
# heading without words over the column for deleting, and one name for all that scrolls.
UNFOLD = {"exclude": [["#nav-sidebar"], ["#header"], [".selector"], ["#changelist-filter"]]}
RULES = {"rules": {name: {"enabled": False} for name in ("empty-table-header", "landmark-unique")}}
WIDE = ViewportSize(width=1400, height=900)  # from here on the side bar stands beside the page
SWITCH = "dark => (document.documentElement.classList.toggle('dark', dark), scrollTo(0, 0))"
IS_WIDER = "document.documentElement.scrollWidth > innerWidth"
STEP = 30  # seconds of an authenticator


@dataclass
class Office:
    """A web process of its own: the demo's asks for no second factor."""

    system: QuickSystem
    base_url: str
    log: Path

    def change(self, statement: LiteralString, *values: object) -> None:
        with psycopg.connect(self.system.environment()["DATABASE_URL"]) as connection:
            connection.execute(statement, values)

    def ask(self, statement: LiteralString, *values: object) -> str:
        with psycopg.connect(self.system.environment()["DATABASE_URL"]) as connection:
            row = connection.execute(statement, values).fetchone()
        assert row is not None
        return str(row[0])


@contextmanager
def open_office(system: QuickSystem) -> Iterator[Office]:
    port, log = free_port(), system.state.log("office")
    url = f"http://127.0.0.1:{port}"
    changes = {"PORT": str(port), "PUBLIC_BASE_URL": url, "ADMIN_REQUIRE_OTP": "true"}
    (line,) = [it for it in (ROOT / "Procfile").read_text().splitlines() if it.startswith("web: ")]
    command = ["/bin/sh", "-c", f"exec {line.removeprefix('web: ')}"]
    with log.open("wb") as out:
        process = spawn(command, cwd=ROOT, env={**system.environment(), **changes}, log=out)
    try:
        wait_until(lambda: _answers(url), lambda: log.read_text()[-2000:])
        yield Office(system, url, log)
    finally:
        stop(process)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", verify=NO_TLS, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@dataclass
class Operator:
    """Somebody of the staff at a browser."""

    office: Office
    visitor: Visitor
    secret: str = field(default="", repr=False)
    used: int = 0  # the step of the last code
    flaws: list[str] = field(default_factory=list)

    @property
    def page(self) -> Page:
        return self.visitor.page

    def open(self, path: str) -> None:
        self.page.goto(self.office.base_url + path)

    def give_password(self) -> None:
        values = self.office.system.values
        self.page.fill("[name=username]", values["DEMO_ADMIN_USER"])
        self.page.fill("[name=password]", values["DEMO_ADMIN_PASSWORD"])
        self.page.click("[type=submit]")

    def give_code(self) -> None:
        """One that was not used: the present one, or the next, which counts already."""
        self.used = max(int(time.time()) // STEP, self.used + 1)
        code = hotp(b32decode(self.secret), self.used)
        self.page.fill("[name=code]", f"{code:06d}")
        self.page.click("#content form:first-of-type [type=submit]")

    def reload_until(self, selector: str) -> None:
        def is_there() -> int:
            self.page.reload()
            return self.page.locator(selector).count()

        wait_until(is_there, lambda: f"{selector} on {self.page.url}")

    def act(self, action: str, reason: str) -> None:
        """By the button on a row's own page, and the question after it."""
        self.page.click(f".row-actions >> text={action}")
        self.page.fill("[name=reason]", reason)
        self.page.click("text=Yes, do it")

    def look(self, name: str) -> None:
        """Pictures in every look, and notes of what is wider than the screen or what axe says."""
        page = self.page
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.wait_for_function("[...document.images].every((image) => image.complete)")
        for look, (_, size) in LOOKS.items():
            page.set_viewport_size(size if look == "phone" else WIDE)
            page.evaluate(SWITCH, look == "dark")
            page.screenshot(path=SHOTS / f"admin-{name}-{look}.png", full_page=True)
            if page.evaluate(IS_WIDER):
                self.flaws.append(f"{name} is wider than the screen: {look}")
            if look == "dark":
                found = Axe().run(page, context=UNFOLD, options=RULES).response["violations"]
                self.flaws += [f"{name}: {it['id']} {it['nodes'][0]['target']}" for it in found]
        page.set_viewport_size(WIDE)
