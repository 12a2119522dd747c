"""Looking at a page: pictures in every look, and what must not be wrong in any of them."""

from collections.abc import Collection
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Page, ViewportSize

SHOTS = Path(settings.BASE_DIR) / "build" / "screenshots"
DESK, PHONE = ViewportSize(width=1180, height=860), ViewportSize(width=360, height=740)
Scheme = Literal["light", "dark"]
LOOKS: dict[str, tuple[Scheme, ViewportSize]] = {
    "light": ("light", DESK), "dark": ("dark", DESK), "phone": ("light", PHONE),
}  # fmt: skip
EXTENT = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
SHIFT = """() => new Promise((answer) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) if (!shift.hadRecentInput) sum += shift.value;
  }).observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => answer(sum)));
})"""
# Uncompressed, so that a proxy that compresses has room.
LOADED = """() => [...performance.getEntriesByType("navigation"),
  ...performance.getEntriesByType("resource")]
  .reduce((sum, entry) => sum + entry.decodedBodySize, 0)"""


def look_at(page: Page, name: str, *, asked: Collection[str] = ("dark",)) -> None:
    """Writes the pictures; nothing is wider than the screen, and axe objects to nothing.

    axe takes a second, so it is only `asked` about some looks.
    """
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_selector("[aria-busy]", state="detached")
    for look, (scheme, size) in LOOKS.items():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size(size)
        width, height = page.evaluate(EXTENT)
        assert width <= size["width"], f"{name} is {width} px wide on a {look}"
        # As high as the page, so that bars which stay in view do not lie across the picture.
        page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
        page.screenshot(path=SHOTS / f"{name}-{look}.png")
        page.set_viewport_size(size)
        if look in asked:
            found = Axe().run(page)
            assert found.violations_count == 0, f"{name} {look}: {found.generate_report()}"
    page.set_viewport_size(DESK)


def shift_of(page: Page) -> float:
    """How much moved while the page loaded, as browsers measure it."""
    return float(page.evaluate(SHIFT))


def bytes_loaded(page: Page) -> int:
    page.wait_for_load_state("load")
    return int(page.evaluate(LOADED))
