"""A person without a mouse."""

from playwright.sync_api import Page

MOST = 80  # presses, further than anything is on a page
FOCUSED = "(selector) => document.activeElement.matches(selector)"
OUTLINE = "() => getComputedStyle(document.activeElement).outlineStyle"
IN_DIALOG = """() => document.activeElement === document.body
  || document.activeElement.closest("dialog[open]") !== null"""


def focus_of(page: Page) -> str:
    """The id of what has the focus."""
    return str(page.evaluate("document.activeElement.id"))


def tab_to(page: Page, selector: str) -> None:
    """By the Tab key alone; and where the focus is can be seen."""
    page.wait_for_selector(selector)
    for _ in range(MOST):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED, selector):
            assert page.evaluate(OUTLINE) == "solid"
            return
    raise AssertionError(f"The Tab key does not lead to {selector}.")


def press(page: Page, selector: str, key: str = "Enter") -> None:
    tab_to(page, selector)
    page.keyboard.press(key)


def answer_wallet(page: Page, how: str) -> None:
    """`approve`, or `decline` by the Escape key. The dialog keeps the focus meanwhile."""
    page.wait_for_selector("#demo-dialog[open]")
    for _ in range(5):
        page.keyboard.press("Tab")
        assert page.evaluate(IN_DIALOG)
    if how == "approve":
        press(page, "#demo-approve")
    else:
        page.keyboard.press("Escape")
    page.wait_for_selector("#demo-dialog", state="hidden")
