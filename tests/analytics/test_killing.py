"""A reader that is killed between two of the tables that it writes; another one takes over."""

import signal
from pathlib import Path

import pytest
from django.utils import timezone

from analytics.handlers import ANALYTICS
from analytics.models import Fact, TypeMinute
from events.models import Event, GroupCursor
from tests.analytics.facts import lives
from tests.analytics.test_rebuilding import compared
from tests.events.programs import running
from tests.events.test_dead_letters import settle
from tests.patience import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)
DIE = """
import os
from analytics.services import tables
def die(facts):
    os.kill(os.getpid(), 9)
tables.minute_sums = die
"""


def test_nothing_of_a_batch_counts_when_its_reader_is_killed_and_all_of_it_afterwards(
    tmp_path: Path,
) -> None:
    events = lives()
    with running("consume", "analytics", log=tmp_path / "log", setup=DIE) as process:
        assert process.wait(PATIENCE) == -signal.SIGKILL
    assert not Fact.objects.exists()
    GroupCursor.objects.update(lease_until=timezone.now())  # ten seconds later
    settle(ANALYTICS)
    assert Fact.objects.count() == Event.objects.count() == len(events)
    assert sum(TypeMinute.objects.values_list("events", flat=True)) == len(events)
    assert "The same." in compared()
