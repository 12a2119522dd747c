"""Nothing is left in English for a German visitor, and the compiled catalogue is the written one."""

import gettext
import re
from pathlib import Path

from django.conf import settings

FOLDER = Path(settings.BASE_DIR)
CATALOGUE = FOLDER / "locale" / "de" / "LC_MESSAGES" / "django.po"
ENTRY = re.compile(r'^msgid "(.+)"\nmsgstr "(.*)"$', re.MULTILINE)
IN_TEMPLATES = re.compile(r'{% translate "([^"]+)" %}')


def written() -> dict[str, str]:
    return dict(ENTRY.findall(CATALOGUE.read_text()))


def test_every_text_is_translated_and_compiled() -> None:
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    texts = written()
    assert len(texts) > 200
    for source, target in texts.items():
        assert target, source
        assert compiled.gettext(source) == target


def test_every_text_of_a_template_is_in_the_catalogue() -> None:
    found = {
        text
        for template in (FOLDER / "templates").rglob("*.html")
        for text in IN_TEMPLATES.findall(template.read_text())
    }
    assert found - written().keys() == set()
