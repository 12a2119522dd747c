"""A process that is told to end does so although the database does not answer.

Silence is the worst case: nothing is refused, nothing arrives.
"""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from events.models import GroupCursor
from events.sequencer import number_pending
from tests.events.facts import activate
from tests.events.programs import database_url, running, wait_until
from tests.events.wires import Wire
from tests.patience import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


def fall_silent(wire: Wire) -> None:
    wire.silent = True


@pytest.mark.parametrize("fault", [fall_silent, Wire.close])
def test_a_process_ends_while_the_database_is_away(
    fault: Callable[[Wire], None], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    url = urlsplit(database_url())
    with closing(Wire(url.hostname or "", url.port or 5432)) as wire:
        user, _, _ = url.netloc.rpartition("@")
        through = url._replace(netloc=f"{user}@127.0.0.1:{wire.port}").geturl()
        command = ("consume", "printer", "--with-sequencer")
        with running(*command, log=log, url=through) as process:
            activate(UUID(int=1))
            wait_until(lambda: GroupCursor.objects.filter(position=1).exists())
            fault(wire)
            activate(UUID(int=1))
            number_pending()
            process.terminate()
            assert process.wait(PATIENCE) == 0, log.read_text()
