"""The page about events says what the schemas say."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from events.catalogue import event_types
from events.reference import BEGIN, renewed


def test_the_page_is_up_to_date() -> None:
    page = Path(settings.BASE_DIR, "docs", "events.md").read_text()
    assert page == renewed(page), "run `manage.py document_events`"


def test_every_type_and_nested_field_is_on_the_page() -> None:
    page = renewed(f"# Events\n{BEGIN}\n### badge_lost\n")
    assert page.startswith("# Events\n")
    assert "badge_lost" not in page
    assert all(f"\n### {name}\n" in page for name in event_types())
    assert "| `newNft.mintAddress` | string | Solana mint address, base58 |" in page


def test_a_page_without_the_marker_is_left_alone() -> None:
    with pytest.raises(ValueError, match="no marker"):
        renewed("# Events\n")


def test_the_command_renews_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Path(settings.BASE_DIR, "docs", "events.md").read_text()
    (tmp_path / "docs").mkdir()
    copy = tmp_path / "docs" / "events.md"
    copy.write_text(page.replace("### badge_earned", "### badge_lost"))
    monkeypatch.setattr(settings, "BASE_DIR", tmp_path)
    call_command("document_events")
    assert copy.read_text() == page
