"""Writing into the log."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import psycopg
import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from core.correlation import set_correlation_id
from core.ids import uuid7
from events import notify
from events.catalogue import InvalidEvent
from events.events import DomainEvent, plain
from events.models import Event
from events.notify import APPENDED, wake_sequencer
from events.services import publish
from tests.events.facts import AuthorityBalanceLow, BadgeActivated, activate, row
from tests.patience import PATIENCE


@dataclass(frozen=True, kw_only=True)
class Nested:
    fee_percent: Decimal
    at: datetime


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_refused() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        publish(BadgeActivated(user_id=uuid7()))
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_a_payload_that_breaks_its_schema_is_refused() -> None:
    with pytest.raises(InvalidEvent, match="badgeId"):
        publish(BadgeActivated(user_id=uuid7(), badge_id=""))
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_an_event_for_a_user_must_name_the_user() -> None:
    with pytest.raises(InvalidEvent, match="must name the user"):
        publish(BadgeActivated())


@pytest.mark.django_db
def test_a_fact_is_stored_whole() -> None:
    user, request = uuid7(), uuid7()
    set_correlation_id("trace-1")
    try:
        publish(BadgeActivated(user_id=user, upgrade_request_id=request, aggregate_id=request))
    finally:
        set_correlation_id("")
    stored = Event.objects.get()
    assert stored.data == {"badgeId": "early-bird", "upgradeRequestId": str(request)}
    assert (stored.user_id, stored.audience, stored.version) == (user, "user", "1.0.0")
    assert (stored.correlation_id, stored.aggregate_id) == ("trace-1", request)
    assert stored.upgrade_request_id == request
    assert (stored.position, stored.sequence) == (None, None)
    assert str(stored) == f"badge_activated {stored.event_id}"
    with pytest.raises(ValueError, match="no place"):
        _ = stored.place


def test_values_become_json() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert plain(Nested(fee_percent=Decimal("1E+2"), at=noon)) == {
        "feePercent": "100",
        "at": "2026-01-01T10:00:00.000Z",
    }
    assert plain({"error_code": (1, [noon.astimezone(UTC)])}) == {
        "error_code": [1, ["2026-01-01T10:00:00.000Z"]]
    }


def test_a_fact_needs_a_sentence_for_a_person() -> None:
    with pytest.raises(NotImplementedError):
        DomainEvent().message()


@pytest.mark.django_db
def test_the_database_refuses_numbers_that_do_not_fit_the_audience() -> None:
    row(None, 1).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.update(position=1, sequence=1)
    Event.objects.all().delete()
    row(uuid7(), 1).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.update(position=1)


@pytest.mark.django_db
def test_a_transaction_wakes_the_sequencer_once() -> None:
    before = len(connection.run_on_commit)
    with transaction.atomic():
        publish(AuthorityBalanceLow())
        publish(AuthorityBalanceLow())
    assert [hook[1] for hook in connection.run_on_commit[before:]] == [wake_sequencer]


@pytest.mark.django_db
def test_a_rolled_back_savepoint_does_not_take_the_wake_up_along() -> None:
    before = len(connection.run_on_commit)
    with transaction.atomic():
        publish(AuthorityBalanceLow())
        transaction.set_rollback(True)
    publish(AuthorityBalanceLow())
    assert len(connection.run_on_commit) == before + 1


@pytest.mark.django_db(transaction=True)
def test_a_commit_notifies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "_told_at", 0.0)  # another test may have told just now
    with psycopg.connect(settings.DATABASE_DIRECT_URL, autocommit=True) as session:
        session.execute(f"LISTEN {APPENDED}")
        activate(uuid7())
        heard = list(session.notifies(timeout=PATIENCE, stop_after=1))
    assert [note.channel for note in heard] == [APPENDED]
