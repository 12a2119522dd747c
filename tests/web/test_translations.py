"""Nothing is left in English for a German visitor, and the compiled catalogue is the written one."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

FOLDER = Path(settings.BASE_DIR)
CATALOGUE = FOLDER / "locale" / "de" / "LC_MESSAGES" / "django.po"
ENTRY = re.compile(r'^msgid "(.+)"\nmsgstr "(.*)"$', re.MULTILINE)
IN_TEMPLATES = re.compile(r'{% translate "([^"]+)" %}')
BLOCKS = re.compile(r"{% blocktranslate[^%]*%}(.+?){% endblocktranslate %}")
VARIABLE = re.compile(r"{{ (\w+) }}")


def written() -> dict[str, str]:
    return dict(ENTRY.findall(CATALOGUE.read_text()))


def in_templates() -> Iterator[str]:
    for template in (FOLDER / "templates").rglob("*.html"):
        source = template.read_text()
        yield from IN_TEMPLATES.findall(source)
        for block in BLOCKS.findall(source):
            yield VARIABLE.sub(r"%(\1)s", block)


def in_python() -> Iterator[str]:
    """The constants in `_(…)`, as the catalogue writes them."""
    for module in (FOLDER / "web").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "_":
                [text] = node.args
                assert isinstance(text, ast.Constant)
                yield str(text.value)


def test_every_text_is_translated_and_compiled() -> None:
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    texts = written()
    assert len(texts) > 200
    for source, target in texts.items():
        assert target, source
        assert compiled.gettext(source) == target


def test_every_text_of_templates_and_pages_is_in_the_catalogue() -> None:
    known = written().keys()
    assert {text for text in in_templates() if text not in known} == set()
    assert {text for text in in_python() if text not in known} == set()
