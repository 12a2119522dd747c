"""People at a real Chromium, and the whole system behind it.

Writes every page in every look to build/screenshots/ (`make screenshots`).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from tests.browser.system import wait_until
from tests.e2e.conftest import QuickSystem
from tests.notifications.receivers import PushService
from tests.web import pushing
from tests.web.keyboard import answer_wallet, focus_of, press
from tests.web.looking import PHONE, bytes_loaded, look_at, shift_of
from tests.web.visitor import Visitor, visiting

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

FIRST_LOAD_BYTES = 150 * 1024
OTHER_WALLET = Path(__file__).with_name("other_wallet.js")
SENDING_WALLET = Path(__file__).with_name("sending_wallet.js")
RICH = ("sign-in", "collection", "preview")  # between them, every part there is
REFUSED = "was refused on"  # in the log of the web process, by the endpoint for reports

ELSEWHERE = {
    "id": "n1", "type": "badge_earned", "priority": "normal", "title": "Elsewhere",
    "message": "-", "link": "//evil.example", "createdAt": "2026-01-01T00:00:00Z", "readAt": None,
}  # fmt: skip
# As behind a proxy that lets no stream through.
NO_STREAMS = """window.EventSource = class extends EventTarget {
  static CONNECTING = 0;
  readyState = 2;
  constructor() { super(); setTimeout(() => this.onerror(new Event("error"))); }
  close() {}
};"""
ONE_BADGE = {"results": [{"rank": 1, "member": "A…b", "score": 1}]}
LED_ASTRAY = {"results": [ELSEWHERE], "next": None}
FOREIGN_PHONE: dict[str, Any] = {
    "viewport": PHONE, "locale": "de-DE", "color_scheme": "dark", "reduced_motion": "reduce",
    "timezone_id": "Asia/Tokyo",
}  # fmt: skip


@pytest.fixture(scope="module")
def member(chromium: Browser, system: QuickSystem) -> Iterator[Visitor]:
    """With a first NFT, and everything that the second tier asks for."""
    with visiting(chromium, system) as someone:
        someone.sign_in()
        someone.earn()
        someone.activate_all()
        someone.unlock()
        yield someone


def refuse_to_write(route: Route) -> None:
    if route.request.method == "PUT":
        route.fulfill(status=429, json={"error_code": "RATE_LIMITED"})
    else:
        route.continue_()


def pages_of(member: Visitor) -> dict[str, str]:
    """Whether or not the member has upgraded meanwhile."""
    member.open("/collection")
    held = member.page.get_attribute("#held a", "href")
    preview = member.page.get_attribute("#to-upgrade", "href")
    assert held is not None
    assert preview is not None
    return {
        "landing": "/", "sign-in": "/sign-in?switch", "collection": "/collection",
        "badges": "/badges", "activity": "/activity", "upgrades": "/upgrades",
        "leaderboards": "/leaderboards", "notifications": "/notifications", "nft": held,
        "preview": preview, "status": "/status", "nothing": "/nowhere", "live": "/live",
    }  # fmt: skip


def test_a_declined_sign_in_is_explained_and_can_be_repeated(visitor: Visitor) -> None:
    """Without a mouse, as is the upgrade below."""
    page = visitor.page
    visitor.open("/collection")
    press(page, "#wallets button")
    answer_wallet(page, "decline")
    page.wait_for_selector("#sign-in-state.warn >> text=nothing is lost")
    page.wait_for_selector("#wallets button:focus")  # the dialog has given the focus back
    page.keyboard.press("Enter")
    answer_wallet(page, "approve")
    page.wait_for_url("**/collection")
    visitor.wait_until_live()
    press(page, "#sign-out")
    page.wait_for_url(visitor.system.base_url + "/")
    visitor.open("/badges")
    assert "/sign-in" in visitor.page.url


def test_trades_and_badges_arrive_while_the_page_is_open(visitor: Visitor) -> None:
    visitor.sign_in()
    visitor.trade("100000")
    visitor.page.wait_for_selector("#trades >> text=100,000 USD")
    visitor.page.wait_for_selector("#activate-first-steps")  # by its rule
    visitor.page.wait_for_selector("#toasts >> text=First Steps")
    visitor.page.click("#activate-first-steps")
    visitor.page.wait_for_selector("#unlock:not([disabled])")


def test_a_whole_upgrade_is_declined_reloaded_cut_off_and_completed(member: Visitor) -> None:
    page = member.page
    member.open("/collection")
    press(page, "#to-upgrade")
    page.wait_for_selector("#start")
    preview = page.inner_text("main")
    assert "Steady Hand" in preview
    assert "SOL" in preview
    assert "5% →" in preview  # what becomes better
    press(page, "#start")
    answer_wallet(page, "decline")
    page.wait_for_selector("#sign-state.warn >> text=Nothing was sent and nothing is lost")
    page.wait_for_selector("#sign-burn:focus")
    look_at(page, "upgrade")
    page.reload()  # whoever leaves finds the upgrade as it was
    press(page, "#sign-burn")
    answer_wallet(page, "approve")
    member.wait_for_status("verifying_burn", "minting", "completed")
    page.reload()
    member.context.set_offline(True)
    page.wait_for_selector("#connection:not([data-state=live])")
    member.context.set_offline(False)
    page.wait_for_selector("#celebration")
    assert page.locator("[data-step=done]").count() == 5
    assert page.inner_text("#progress-said").startswith("Badges consumed, upgrade complete")
    look_at(page, "celebration")
    member.open("/collection")
    assert "Navigator" in page.inner_text("#held")
    assert "burned" in page.inner_text("#past")
    page.click("#to-upgrade")  # to the next tier, for which everything is missing
    page.wait_for_selector("text=This upgrade is not possible yet")
    assert "trading volume is too low" in page.inner_text("main")


def test_every_page_is_accessible_fits_a_phone_and_does_not_jump(member: Visitor) -> None:
    for name, path in pages_of(member).items():
        member.open(path)
        look_at(member.page, name, asked=["dark", "phone"] if name in RICH else ["dark"])
        if name != "live":  # which makes room for each event as it comes
            assert shift_of(member.page) < 0.01, f"{name} jumps while it loads"


def test_a_first_visit_stays_within_its_budget(visitor: Visitor) -> None:
    visitor.open("/")
    assert bytes_loaded(visitor.page) <= FIRST_LOAD_BYTES


def test_a_page_works_by_keyboard_and_in_german(member: Visitor) -> None:
    page = member.page
    member.open("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.click("button[lang=de]")
    page.wait_for_selector("html[lang=de]")
    member.open("/collection")
    member.wait_until_live()
    assert "Meine Sammlung" in page.inner_text("h1")
    page.click("button[lang=en]")
    page.wait_for_selector("html[lang=en]")


def test_another_wallet_says_what_is_wrong_with_it(visitor: Visitor) -> None:
    """Another account, none, the wrong network, and an owner who says no."""
    visitor.sign_in()
    page, mine = visitor.page, visitor.address
    visitor.context.add_init_script(path=OTHER_WALLET)
    page.evaluate("localStorage.setItem('aiw3-wallet', 'Test wallet')")
    visitor.open("/collection")
    visitor.wait_until_live()
    for accounts, words in (
        (["5oNDL3swdJJF1g9DzJiZ4ynHXgszjAEpUkxVYejchzrY"], "now shows the account 5oND"),
        ([], "is disconnected"),
    ):
        page.evaluate("(accounts) => showAccounts(...accounts)", accounts)
        page.wait_for_selector(f"#wallet-notice >> text={words}")
    page.evaluate("(mine) => showAccounts(mine)", mine)
    page.wait_for_selector("#wallet-notice", state="hidden")
    problem = page.evaluate(
        "import('/static/web/signing.js').then(({ signBurn }) => signBurn('/x', () => {}))"
        ".catch((error) => error.message)"
    )
    assert "not on the network Solana localnet" in problem
    page.evaluate("(mine) => sessionStorage.setItem('accounts', JSON.stringify([mine]))", mine)
    visitor.open("/sign-in?switch")
    page.click("text=Test wallet")
    page.wait_for_selector("#sign-in-state.warn >> text=You declined in Test wallet")


def test_no_page_breaches_the_policy_and_a_breach_would_be_reported(
    system: QuickSystem, visitor: Visitor
) -> None:
    log = system.state.log("web")
    for path in ("/", "/sign-in", "/status", "/leaderboards", "/live", "/api/docs/"):
        visitor.open(path)
        visitor.page.wait_for_load_state("load")
    assert REFUSED not in log.read_text()  # nor on what other tests have opened so far
    visitor.open("/")
    inline = "document.body.append(Object.assign(document.createElement('script'), {text: '1'}))"
    visitor.page.evaluate(inline)
    wait_until(lambda: REFUSED in log.read_text(), lambda: "a report")
    visitor.faults.clear()  # the browser complained, as it should


def test_notifications_come_by_themselves_are_read_and_are_what_the_member_wants(
    visitor: Visitor, system: QuickSystem
) -> None:
    visitor.sign_in()
    page, board = visitor.page, visitor.context.new_page()
    board.goto(visitor.system.base_url + "/leaderboards?board=volume&period=week")
    board.wait_for_selector("#my-place >> text=You have no score here yet.")
    visitor.open("/notifications")
    page.wait_for_selector("#inbox >> text=Nothing yet.")
    visitor.award("mentor")
    page.wait_for_selector("#inbox >> text=New badge: Mentor")
    page.wait_for_selector("#unread >> text=1")
    press(page, "#inbox button")
    page.wait_for_selector("#unread", state="hidden")
    assert focus_of(page).startswith("notice-")
    page.uncheck("[name='badge_earned inApp']")
    page.wait_for_selector("#preference-state >> text=Saved")
    page.select_option("[name=timeZone]", "Europe/Berlin")
    page.check("[name=quiet]")
    page.wait_for_selector("#reach-state >> text=Saved")
    page.fill("[name=address]", "ada@example.org")
    page.click("#mail button")
    page.wait_for_selector("#mail-state >> text=A letter went to ada@example.org")
    wait_until(lambda: system.office.letters, lambda: "a letter")
    look_at(page, "inbox", asked=["phone"])
    page.reload()
    page.wait_for_selector("[name=quiet]:checked")
    assert page.input_value("[name=timeZone]") == "Europe/Berlin"
    assert not page.is_checked("[name='badge_earned inApp']")
    visitor.award("risk-keeper")  # of which this member does not want to hear here
    visitor.trade("100000")
    page.wait_for_selector("#inbox >> text=Milestone reached")
    assert "Risk Keeper" not in page.inner_text("#inbox")
    board.wait_for_selector("#my-place >> text=My place:")
    board.wait_for_selector("#board li[aria-current] >> text=100,000 USD")
    page.route("**/api/v1/user/notifications?*", lambda route: route.fulfill(json=LED_ASTRAY))
    page.click("#read-all")
    page.wait_for_selector("#inbox >> text=Elsewhere")
    assert page.locator("#inbox a[href*='evil']").count() == 0
    board.route("**/api/v1/leaderboards/badges?*", lambda route: route.fulfill(json=ONE_BADGE))
    board.goto(visitor.system.base_url + "/leaderboards?board=badges")
    board.wait_for_selector('#board >> text="1 badge"')
    page.route("**/notification-preferences", refuse_to_write)
    page.check("[name='badge_earned inApp']")
    page.wait_for_selector("#preference-state >> text=too often")
    page.wait_for_selector("[name='badge_earned inApp']:not(:checked)")  # as it is kept
    page.route("**/api/auth/logout", lambda route: route.fulfill(status=503, json={}))
    page.click("#sign-out")
    page.wait_for_selector("#wallet-notice >> text=The server does not answer")


def test_a_push_is_encrypted_delivered_shown_and_leads_to_its_page(
    visitor: Visitor, push_service: PushService
) -> None:
    browser, page = push_service.browser(), visitor.page
    visitor.context.grant_permissions(["notifications"], origin=visitor.system.base_url)
    pushing.stand_in(page, browser)
    visitor.sign_in()
    visitor.open("/notifications")
    page.click("#push >> text=Tell this browser")
    page.wait_for_selector("#push-state >> text=also while no page is open")
    visitor.award("mentor")
    wait_until(lambda: push_service.pushes, lambda: "a push")
    [push] = push_service.pushes
    asked = pushing.asked_with(page)
    assert asked["userVisibleOnly"] is True
    assert asked["applicationServerKey"] in push.headers["authorization"]
    assert push.proof(push_service.origin)["sub"] == "mailto:noreply@localhost"
    pushing.hand_over(page, visitor.system.base_url, browser.read(push.body))
    wait_until(lambda: pushing.shown(page), lambda: "a notification")
    [notice] = pushing.shown(page)
    assert (notice["title"], notice["link"]) == ("New badge: Mentor", "/badges")
    assert "You earned the badge “Mentor”." in notice["body"]
    assert pushing.click(page) == ([visitor.system.base_url + "/badges"], 0)
    page.click("#push >> text=Do not tell this browser")
    page.wait_for_selector("#push-state >> text=is not told")
    left = "fetch('/api/v1/user/push-subscriptions').then((answer) => answer.json())"
    assert page.evaluate(left)["results"] == []


def test_an_upgrade_on_a_german_phone_without_streams_by_a_wallet_that_sends_itself(
    chromium: Browser, system: QuickSystem
) -> None:
    with visiting(chromium, system, **FOREIGN_PHONE) as visitor:
        page = visitor.page
        visitor.context.add_init_script(NO_STREAMS)
        visitor.sign_in("polling")
        nothing = page.locator("#latest li").bounding_box()
        assert nothing is not None
        assert nothing["height"] < 40  # "Noch nichts." in one line
        visitor.earn()
        page.wait_for_selector("#toasts li")
        assert page.locator("#toasts li").count() == 1
        toast = page.locator("#toasts").bounding_box()
        assert toast is not None
        assert toast["height"] < 80  # of 740
        visitor.activate_all()
        visitor.unlock()
        page.evaluate("localStorage.setItem('aiw3-wallet', 'Sending wallet')")
        visitor.context.add_init_script(path=SENDING_WALLET)
        page.click("#to-upgrade")
        page.click("#start")
        page.wait_for_selector("html[data-signed]")
        visitor.send_to_chain(page.get_attribute("html", "data-signed") or "")
        page.evaluate("landed()")
        page.wait_for_selector("#celebration >> text=Willkommen, Navigator!")
        assert page.locator(".spark").count() == 0
        assert "Abzeichen verbraucht" in page.inner_text("#progress-said")
        for name, path in pages_of(visitor).items():
            visitor.open(path)
            page.wait_for_selector("[aria-busy]", state="detached")
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= PHONE["width"], f"{name} is {width} px wide in German"
            if name == "notifications":
                assert "Abzeichen" in page.inner_text("#inbox")  # not "badge"
                told = page.locator("#inbox time").first
                at = told.get_attribute("datetime") or ""
                assert at[11:16] in told.inner_text()  # UTC, as the footer says
        assert "Live-Feed" in page.title()  # the last of them
