"""Analytics, notifications and audit on Kafka: what they make of it is what the log would make."""

import random
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from analytics.handlers import ANALYTICS
from analytics.services.rebuilding import SHADOW
from audit.handlers import AUDIT
from audit.services.appending import append_pending
from core.correlation import set_correlation_id
from core.ids import uuid7
from events.models import Event, GroupCursor
from events.sequencer import number_pending
from nft.models import Tier
from notifications.handlers import NOTIFICATIONS
from tests.faults.services.digests import (
    Digest,
    analytics_digests,
    audit_digests,
    notifications_digest,
)
from tests.faults.services.members import Party
from tests.faults.services.truth import begin_audit_anew, empty_notifications, witnessed
from tests.faults.services.verdict import replay
from tests.kafka.parts import KafkaBus, turn_until
from tests.nft.conftest import tiers

__all__ = ["tiers"]
GROUPS = (ANALYTICS, NOTIFICATIONS, AUDIT)
pytestmark = [pytest.mark.kafka, pytest.mark.django_db(transaction=True)]


def digests(*, schema: str = "public") -> dict[str, Digest]:
    append_pending()
    own = {"notifications": notifications_digest(), **audit_digests()}
    return {**analytics_digests(schema=schema), **own}


def at_the_head() -> bool:
    own = GroupCursor.objects.filter(name__in=[group.name for group in GROUPS])
    return own.filter(position=Event.objects.all().head_position()).count() == len(GROUPS)


@pytest.fixture
def kafka_bus(topics: None) -> Iterator[KafkaBus]:
    call_command("kafka_topics", stdout=StringIO())  # what is told of NFTs has copies in many
    found = KafkaBus()
    yield found
    found.close()


def let_members_live(tiers: list[Tier]) -> None:
    for number in range(4):
        for step in Party(random.Random(number), tiers, size=3).steps():
            set_correlation_id(str(uuid7()))
            with transaction.atomic():
                step()
    set_correlation_id("")


def test_the_services_make_of_kafka_what_they_make_of_the_log(
    kafka_bus: KafkaBus, tiers: list[Tier]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SHADOW} CASCADE")
    with witnessed():
        let_members_live(tiers)
        number_pending()
        kafka_bus.publish()
        GroupCursor.objects.filter(name="kafka").update(position=0)
        kafka_bus.bridge.release()
        kafka_bus.publish()  # every event a second time
        turn_until(at_the_head, *(kafka_bus.reader(group) for group in GROUPS))
        of_kafka = digests()
        assert all(digest.rows for digest in of_kafka.values())

        empty_notifications()
        begin_audit_anew()
        replay("analytics", "--into", "shadow")
        for group in (NOTIFICATIONS, AUDIT):
            replay(group.name)
        assert digests(schema=SHADOW) == of_kafka
