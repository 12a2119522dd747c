"""A process that is told to end does so although Kafka does not answer."""

import signal
from pathlib import Path
from typing import Any

import pytest

from events.models import GroupCursor
from tests.kafka.parts import counted, running, wait_until, written
from tests.patience import PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.kafka
@pytest.mark.parametrize("group", ["counter", "kafka"])
def test_a_process_ends_while_kafka_is_frozen(
    group: str, topics: None, kafka: Any, tmp_path: Path, settings: Any
) -> None:
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": settings.KAFKA_BOOTSTRAP_SERVERS,
        "KAFKA_PREFIX": settings.KAFKA_PREFIX,
    }
    written("a")
    log = tmp_path / "log"
    with running(
        "consume", "kafka", "counter", "--with-sequencer", environment=environment, log=log
    ):
        wait_until(lambda: counted() == 1)
    with running("consume", group, environment=environment, log=log) as process:
        wait_until(lambda: is_read(group))
        kafka.process.send_signal(signal.SIGSTOP)
        try:
            written("b")
            process.terminate()
            assert process.wait(PATIENCE) == 0, log.read_text()
        finally:
            kafka.process.send_signal(signal.SIGCONT)


def is_read(group: str) -> bool:
    rows = GroupCursor.objects.filter(name=group)
    if group == "kafka":
        return rows.exclude(owner="").exists()
    before = rows.values_list("turned_at", flat=True).get()
    wait_until(lambda: rows.filter(turned_at__gt=before).exists())
    return True
