"""A person upgrades in a real browser: undisturbed, with a reload, offline, and unwilling."""

import pytest

from tests.web.visitor import PATIENCE, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture
def member(visitor: Visitor) -> Visitor:
    """With a first NFT and everything that the second tier asks for."""
    visitor.sign_in()
    visitor.earn()
    visitor.activate_all()
    visitor.unlock()
    return visitor


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


def test_badges_and_volume_arrive_while_the_page_is_open(visitor: Visitor) -> None:
    visitor.sign_in()
    visitor.trade("100000")
    visitor.page.wait_for_selector("#trades >> text=100,000 USD", timeout=PATIENCE)
    visitor.page.wait_for_selector("#activate-first-steps", timeout=PATIENCE)  # by its rule
    visitor.page.wait_for_selector("#toasts >> text=First Steps")
    visitor.page.click("#activate-first-steps")
    visitor.page.wait_for_selector("#unlock:not([disabled])")


def test_a_whole_upgrade_is_declined_reloaded_cut_off_and_completed(member: Visitor) -> None:
    page = member.page
    page.click("#to-upgrade")
    preview = page.inner_text("main")
    assert "Steady Hand" in preview
    assert "SOL" in preview
    page.click("#start")
    member.answer_wallet("decline")
    page.wait_for_selector("#sign-state.warn >> text=Nothing was sent and nothing is lost")
    page.reload()  # whoever leaves finds the upgrade as it was
    page.click("#sign-burn")
    member.answer_wallet("approve")
    member.wait_for_status("verifying_burn", "minting", "completed")
    page.reload()
    member.context.set_offline(True)
    page.wait_for_selector("#connection:not([data-state=live])")
    member.context.set_offline(False)
    page.wait_for_selector("#celebration", timeout=PATIENCE)
    assert page.locator("[data-step=done]").count() == 5
    member.open("/collection")
    assert "Navigator" in page.inner_text("#held")
    assert "burned" in page.inner_text("#past")


def test_a_cancelled_upgrade_gives_everything_back(member: Visitor) -> None:
    member.start_upgrade()
    member.answer_wallet("decline")
    member.page.click("#cancel")
    member.wait_for_status("closing", "cancelled")
    member.open("/collection")
    assert "Pathfinder" in member.page.inner_text("#held")
