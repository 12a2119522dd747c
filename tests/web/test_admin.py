"""An operator at a real Chromium, and the whole system behind it.

Writes the admin's pages in every look to build/screenshots/ (`make screenshots`).
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.conftest import QuickSystem
from tests.e2e.member import Member
from tests.web.office import Office, Operator, open_office
from tests.web.visitor import new_visitor

pytestmark = [pytest.mark.browser, pytest.mark.e2e]

REFUSED = "was refused on"  # in the log of the web process, by the endpoint for reports
WHY = "The node is back"


@pytest.fixture(scope="module")
def office(system: QuickSystem) -> Iterator[Office]:
    with open_office(system) as office:
        yield office


@pytest.fixture(scope="module")
def operator(chromium: Browser, office: Office) -> Iterator[Operator]:
    """Enrolled and signed in."""
    visitor = new_visitor(chromium, office.system)
    someone = Operator(office, visitor)
    enrol(someone)
    sign_in(someone)
    yield someone
    visitor.context.close()
    assert [url for url in visitor.strays if not url.startswith(office.base_url)] == []
    assert visitor.faults == []
    assert someone.flaws == []
    assert REFUSED not in office.log.read_text()


def enrol(someone: Operator) -> None:
    """The first sign-in shows a secret; the next one asks for a code of it."""
    page = someone.page
    someone.open("/admin/")
    someone.look("login")
    someone.give_password()
    someone.secret = page.inner_text("#content p > code")
    someone.look("second-factor-new")
    someone.give_code()
    page.wait_for_selector(".codes code >> nth=9")
    someone.look("recovery-codes")
    page.click("text=I have them")
    page.wait_for_selector("text=What needs a person")


def sign_in(someone: Operator) -> None:
    """As every day: a password, then a code."""
    someone.visitor.context.clear_cookies()
    someone.open("/admin/")
    someone.give_password()
    someone.look("second-factor")
    someone.give_code()
    someone.page.wait_for_selector("text=What needs a person")


@pytest.fixture(scope="module")
def stuck(office: Office) -> Iterator[str]:
    """An upgrade whose burn is proven, and whose mint is tried again tomorrow only."""
    member = Member(office.system)
    with member.http:
        member.sign_in()
        member.earn()
        started = member.start(member.unlock())
        request = started["upgradeRequestId"]
        rests = (
            "UPDATE nft_mintorder SET next_run_at = now() + interval '1 day' WHERE request_id = %s"
        )
        office.change(rests, request)
        member.burn(started)
        member.read(started["links"]["events"], until="burn_confirmed")
        yield request


def test_an_operator_signs_in_finds_a_stuck_upgrade_and_has_it_completed(
    operator: Operator, office: Office, stuck: str
) -> None:
    page = operator.page
    operator.open("/admin/")
    page.wait_for_selector("text=Nothing needs you now")
    long_ago = (
        "UPDATE nft_mintorder SET started_at = started_at - interval '1 day' WHERE request_id = %s"
    )
    office.change(long_ago, stuck)
    page.click("text=1 upgrade is stuck")  # it appears by itself
    operator.look("stuck")
    page.click(f"a[href*='{stuck}']")
    operator.look("upgrade-stuck")
    operator.act("Look again now", WHY)
    page.click("text=its next look is due now >> text=Watch it")
    page.wait_for_selector("[data-live] .now >> text=completed")  # without a reload
    operator.look("upgrade")
    operator.open("/admin/")
    page.wait_for_selector("text=Nothing needs you now")
    operator.open("/admin/admin/logentry/")
    page.wait_for_selector(f"text=Looked again: {WHY}")
    operator.open("/admin/audit/record/")  # whose appender is a process of its own
    operator.reload_until(f"tr:has-text('django_admin_log.insert'):has-text('{WHY}')")


def member_of(office: Office, upgrade: str) -> str:
    return office.ask("SELECT wallet_address FROM upgrade_requests WHERE id = %s", upgrade)


def test_pages_look_right(operator: Operator, office: Office, stuck: str) -> None:
    office.change(
        "INSERT INTO notifications_provider (name, failures, paused_until)"
        " VALUES ('email', 4, now() + interval '1 hour') ON CONFLICT (name)"
        " DO UPDATE SET failures = excluded.failures, paused_until = excluded.paused_until"
    )
    office.change("UPDATE nft_authoritybalance SET is_low = true")
    operator.open("/admin/")
    operator.look("home")
    office.change("DELETE FROM notifications_provider")
    office.change("UPDATE nft_authoritybalance SET is_low = false")
    for name, path in {
        "upgrades": "/admin/nft/upgraderequest/",
        "nfts": "/admin/nft/usernft/",
        "badges": "/admin/badges/earnedbadge/",
        "deliveries": "/admin/notifications/delivery/",
        "records": "/admin/audit/record/",
        "tier": "/admin/nft/tier/1/change/",
        "roles": "/admin/auth/group/1/change/",
        "timeline": "/admin/audit/record/timeline/",
        "template": "/admin/notifications/notificationtemplate/1/change/",
        "groups": "/admin/events/groupcursor/",
        "dashboards": "/admin/analytics/fact/dashboard/",
        "streams": "/admin/streams/",
        "second-factor": "/admin/second-factor/enrol/",
    }.items():
        operator.open(path)
        operator.look(name)
    operator.open("/admin/accounts/user/?q=" + member_of(office, stuck))
    operator.page.click("#result_list tbody th a")
    operator.page.click("text=Everything of this member")
    operator.look("member")
    operator.open("/admin/nft/upgraderequest/")
    operator.page.click("text=Filters")
    operator.look("filters")
