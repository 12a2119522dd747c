"""People at a real Chromium, and the whole system behind it.

Writes every page in every look to build/screenshots/ (`make screenshots`).
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Route

from tests.browser.system import wait_until
from tests.e2e.conftest import QuickSystem
from tests.web.looking import bytes_loaded, look_at, shift_of
from tests.web.visitor import Visitor, new_visitor

pytestmark = [pytest.mark.browser, pytest.mark.e2e, pytest.mark.timeout(600)]

FIRST_LOAD_BYTES = 150 * 1024
OTHER_WALLET = Path(__file__).with_name("other_wallet.js")
RICH = ("sign-in", "collection", "preview")  # between them, every part there is
REFUSED = "was refused on"  # in the log of the web process, by the endpoint for reports

SWITCHES = {"inApp": True, "email": True, "webPush": False}
NOTICE: dict[str, str | None] = {
    "message": "You earned it.", "priority": "normal", "type": "badge_earned",
    "createdAt": "2026-01-01T00:00:00Z",
}  # fmt: skip
API: dict[str, object] = {
    "/api/v1/leaderboards/": {
        "results": [{"rank": 1, "member": "4fG…9k", "score": 250_000}], "next": None,
        "start": "2026-01-01",
    },
    "/api/v1/user/leaderboards/": {
        "rank": 2, "score": 100, "members": 7, "start": "2026-01-01",
        "entries": [{"rank": 2, "member": "7aa…b1", "score": 100, "isMe": True}],
    },
    "/api/v1/user/notifications/unread-count": {"unreadCount": 3},
    "/api/v1/user/notifications": {
        "results": [
            NOTICE | {"id": "n1", "title": "A new badge", "link": "/badges", "readAt": None},
            NOTICE | {"id": "n2", "title": "Elsewhere", "link": "//evil.example", "readAt": None},
        ],
        "next": None,
    },
    "/api/v1/user/notification-preferences": {
        "channels": SWITCHES, "types": [{"type": "badge_earned", "priority": "normal", **SWITCHES}],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def member(chromium: Browser, system: QuickSystem) -> Iterator[Visitor]:
    """With a first NFT, and everything that the second tier asks for."""
    someone = new_visitor(chromium, system)
    someone.sign_in()
    someone.earn()
    someone.activate_all()
    someone.unlock()
    yield someone
    someone.context.close()
    assert someone.strays == []
    assert someone.faults == []


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
    visitor.open("/collection")
    visitor.page.click("#wallets button")
    visitor.answer_wallet("decline")
    words = visitor.page.wait_for_selector("#sign-in-state.warn")
    assert words is not None
    assert "nothing is lost" in words.inner_text()
    visitor.page.click("#wallets button")
    visitor.answer_wallet("approve")
    visitor.page.wait_for_url("**/collection")
    visitor.page.click("#sign-out")
    visitor.page.wait_for_url(visitor.system.base_url + "/")
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
    page.click("#to-upgrade")
    preview = page.inner_text("main")
    assert "Steady Hand" in preview
    assert "SOL" in preview
    page.click("#start")
    member.answer_wallet("decline")
    page.wait_for_selector("#sign-state.warn >> text=Nothing was sent and nothing is lost")
    look_at(page, "upgrade")
    page.reload()  # whoever leaves finds the upgrade as it was
    page.click("#sign-burn")
    member.answer_wallet("approve")
    member.wait_for_status("verifying_burn", "minting", "completed")
    page.reload()
    member.context.set_offline(True)
    page.wait_for_selector("#connection:not([data-state=live])")
    member.context.set_offline(False)
    page.wait_for_selector("#celebration")
    assert page.locator("[data-step=done]").count() == 5
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
    assert "not on the network solana:localnet" in problem
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


def test_leaderboards_and_the_inbox_show_what_the_api_answers(visitor: Visitor) -> None:
    """Other apps own those calls; here they answer as documented."""
    visitor.sign_in()
    page = visitor.page
    told: list[tuple[str, object]] = []

    def answer(route: Route) -> None:
        asked = route.request
        path = urlsplit(asked.url).path
        if asked.method != "GET":
            told.append((path, asked.post_data_json))
        route.fulfill(json=next(body for start, body in API.items() if path.startswith(start)))

    for start in API:
        page.route(f"**{start}**", answer)
    visitor.open("/leaderboards?board=volume&period=week")
    page.wait_for_selector("#board >> text=2,500 USD")
    page.wait_for_selector("#my-place >> text=My place: 2 of 7")
    visitor.open("/notifications")
    page.wait_for_selector("#unread >> text=3")
    page.wait_for_selector("#inbox a[href='/badges'] >> text=A new badge")
    assert page.locator("#inbox a[href*='evil']").count() == 0
    look_at(page, "inbox", asked=["phone"])
    page.click("#inbox >> text=Mark as read")
    page.uncheck("[name='badge_earned email']")
    page.wait_for_selector("#preference-state >> text=Saved")
    read, saved = told
    assert read[0] == "/api/v1/user/notifications/n1/read"
    assert saved[1] == {
        "channels": {"inApp": True, "email": True, "webPush": False},
        "types": [{"type": "badge_earned", "inApp": True, "email": False, "webPush": False}],
    }
