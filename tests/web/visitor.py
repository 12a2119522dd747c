"""A person at a browser, and what other systems do for that person meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, Request

from demo.airdrop import request_airdrop
from demo.system import System
from tests.patience import PATIENCE
from tests.plain_http import NO_TLS


@dataclass
class Visitor:
    """`strays` are requests that left the host, `faults` what the browser complained about."""

    system: System
    context: BrowserContext
    page: Page
    strays: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.system.base_url + path)

    # --- the wallet

    def answer_wallet(self, how: str) -> None:
        """`approve` or `decline` what the demo wallet asks."""
        self.page.wait_for_selector("#demo-dialog[open]")
        self.page.click(f"#demo-{how}")

    def sign_in(self, how: str = "live") -> None:
        self.open("/sign-in")
        self.page.click("#wallets button")
        self.answer_wallet("approve")
        self.page.wait_for_url("**/collection")
        self.wait_until_live(how)

    def wait_until_live(self, how: str = "live") -> None:
        """Or `polling`."""
        self.page.wait_for_selector(f"#connection[data-state={how}]")

    @property
    def address(self) -> str:
        config = "JSON.parse(document.getElementById('page-config').textContent).wallet"
        return str(self.page.evaluate(config))

    # --- other systems

    def serve(self, path: str, body: object) -> Any:
        key = {"Authorization": f"Api-Key {self.system.service_api_key}"}
        url = self.system.base_url + path
        answer = httpx.post(
            url, json=body, headers=key, verify=NO_TLS, trust_env=False, timeout=PATIENCE
        )
        return answer.raise_for_status().json()

    def trade(self, volume: str) -> None:
        trade = {
            "tradeId": f"t-{uuid4()}", "walletAddress": self.address, "volumeUsd": volume,
            "executedAt": "2026-01-01T00:00:00Z",
        }  # fmt: skip
        self.serve("/api/v1/trades", [trade])

    def award(self, slug: str) -> None:
        self.serve(f"/api/v1/badges/{slug}/award", {"walletAddress": self.address})

    def send_to_chain(self, signed: str) -> None:
        """A signed transaction, base64."""
        sending = {
            "jsonrpc": "2.0", "id": 1, "method": "sendTransaction",
            "params": [signed, {"encoding": "base64"}],
        }  # fmt: skip
        rpc_url = self.system.localnet.rpc_url
        answer = httpx.post(rpc_url, json=sending, verify=NO_TLS, trust_env=False, timeout=PATIENCE)
        assert "error" not in answer.json(), answer.text

    def get_coins(self) -> None:
        request_airdrop(self.system.localnet.rpc_url, self.address, 10**9)

    # --- the way to an upgrade

    def earn(self) -> None:
        """All that the first two tiers ask for; the badges not yet activated."""
        self.get_coins()
        self.trade("250000")
        for slug in ("first-steps", "steady-hand", "market-scholar"):
            self.award(slug)

    def activate_all(self) -> None:
        self.open("/badges")
        for slug in ("first-steps", "steady-hand", "market-scholar"):
            self.page.click(f"#activate-{slug}")
            self.page.wait_for_selector(f"#activate-{slug}", state="detached")

    def unlock(self) -> None:
        self.open("/collection")
        self.page.click("#unlock")
        self.page.wait_for_selector("#to-upgrade")

    def start_upgrade(self) -> None:
        """Until the wallet asks for the burn."""
        self.page.click("#to-upgrade")
        self.page.click("#start")
        self.page.wait_for_selector("#demo-dialog[open]")

    def wait_for_status(self, *statuses: str) -> None:
        wanted = ", ".join(f"[data-status={status}]" for status in statuses)
        self.page.wait_for_selector(wanted)


@contextmanager
def visiting(browser: Browser, system: System, **settings: Any) -> Iterator[Visitor]:
    """Whose requests all stay on this host, and whose browser complains about nothing."""
    visitor = new_visitor(browser, system, **settings)
    yield visitor
    visitor.context.close()
    assert visitor.strays == []
    assert visitor.faults == []


def new_visitor(browser: Browser, system: System, **settings: Any) -> Visitor:
    """With a browser profile of their own, so also with a wallet of their own."""
    context = browser.new_context(**({"viewport": {"width": 1180, "height": 860}} | settings))
    context.set_default_timeout(PATIENCE * 1000)
    visitor = Visitor(system, context, context.new_page())

    def watch(request: Request) -> None:
        if not request.url.startswith((system.base_url, "data:")):
            visitor.strays.append(request.url)

    context.on("request", watch)
    page = visitor.page
    page.on("pageerror", lambda error: visitor.faults.append(str(error)))
    page.on(
        "console",
        lambda said: (
            visitor.faults.append(said.text)
            if said.type == "error" and "Failed to load resource" not in said.text
            else None
        ),
    )
    return visitor
