"""Dead letters of inbound topics: the limit, what an operator sees, and handing them in again.

Asked here: does a broken trading system fill the table for ever? a message that comes twice? what
is shown where? a redrive that fails again, twice, without Kafka, of a message that is not there?
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest

from accounts.models import User
from events.dead_letters import (
    NOT_IN_THE_TOPIC,
    TOO_LARGE,
    Outcome,
    Result,
    discard,
    redrive,
)
from events.kafka import inbound as registry
from events.kafka.inbound import Inbound, inbound_reader, register_inbound
from events.kafka.letters import UNREADABLE
from events.models import DeadLetter, GroupCursor
from events.status import GroupCollector
from tests.kafka.parts import LARGE, allow_large, messages_in, put, rest, turn_until
from tests.kafka.test_inbound import body
from tests.trading.parts import new_wallet, volume_of
from trading.handlers import INBOUND, TOPIC, record_from_topic
from trading.models import Trade

pytestmark = [pytest.mark.kafka, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _forget_inbounds() -> Iterator[None]:
    before = dict(registry._inbounds)
    yield
    registry._inbounds.clear()
    registry._inbounds.update(before)


class Repairable:
    """The service of ours, broken until somebody repairs it."""

    def __init__(self) -> None:
        self.works = False

    def record(self, bodies: list[bytes | None]) -> list[str | None]:
        return record_from_topic(bodies) if self.works else ["not today"] * len(bodies)

    def inbound(self) -> Inbound:
        made = replace(INBOUND, record=self.record)
        register_inbound(made)
        return made


def is_stopped() -> bool:
    return GroupCursor.objects.filter(name=INBOUND.name, stopped_at__isnull=False).exists()


def letters_of(inbound: Inbound, count: int) -> list[DeadLetter]:
    """What the reader has put aside when it has put aside `count`."""
    reader = inbound_reader(inbound)
    turn_until(lambda: DeadLetter.objects.count() == count, reader)
    reader.close()
    return list(DeadLetter.objects.order_by("id"))


def redriven(*letters: DeadLetter) -> list[Outcome]:
    return redrive(letter_ids=[letter.pk for letter in letters])


def test_too_many_bad_messages_stop_the_topic_until_an_operator_resumes_it(
    topics: None, client: Client
) -> None:
    wallet = new_wallet()
    limited = replace(INBOUND, dead_letter_limit=2)
    put(TOPIC, b"1", body("t1", wallet), b"2", b"3", body("t2", wallet))
    reader = inbound_reader(limited)
    turn_until(is_stopped, reader)
    put(TOPIC, body("t3", wallet))
    rest(reader, turns=4)
    row = GroupCursor.objects.get(name=INBOUND.name)
    assert row.stop_reason.startswith("2 dead letters; ")
    assert row.stop_reason.endswith("@3: not a JSON object")
    assert DeadLetter.objects.count() == len(messages_in(f"{TOPIC}.dlq", 2)) == 2
    assert not Trade.objects.filter(trade_id="t3").exists()

    discard(
        letter_ids=DeadLetter.objects.values_list("pk", flat=True),
        reason="a mistake of the trading system",
        now=timezone.now(),
    )
    client.force_login(User.objects.create_superuser("root", "secret"))
    page = client.post(
        "/admin/events/groupcursor/",
        {
            "action": "resume",
            "_selected_action": [INBOUND.name],
            "confirmed": "1",
            "reason": "mended",
        },
        follow=True,
    )
    assert "1 resumed." in page.content.decode()
    turn_until(lambda: Trade.objects.count() == 3, reader)
    reader.close()
    assert DeadLetter.objects.waiting().count() == 1
    assert not is_stopped()


def test_status_and_metrics_show_an_inbound_topic_like_a_group(topics: None) -> None:
    put(TOPIC, b"1", b"2")
    reader = inbound_reader(replace(INBOUND, dead_letter_limit=1))
    turn_until(is_stopped, reader)
    reader.close()
    out = StringIO()
    call_command("consume", "--status", INBOUND.name, stdout=out)
    line = out.getvalue().splitlines()[-1].split()
    assert line[:5] == [INBOUND.name, "-", "-", "-", "1"]
    assert "STOPPED: 1 dead letters" in out.getvalue()
    out = StringIO()
    call_command("consume", "--status", "--json", stdout=out)
    [row] = [row for row in json.loads(out.getvalue()) if row["name"] == INBOUND.name]
    assert (row["position"], row["lag"], row["deadLetters"]) == (None, None, 1)
    numbers = CollectorRegistry()
    numbers.register(GroupCollector([INBOUND.name]))
    text = generate_latest(numbers).decode()
    assert f'aiw3_consumer_stopped{{group="{INBOUND.name}"}} 1.0' in text
    assert f'aiw3_consumer_dead_letters{{group="{INBOUND.name}"}} 1.0' in text
    assert "aiw3_consumer_lag_events{" not in text


@pytest.mark.parametrize("options", [[], ["--status"]])
def test_without_kafka_there_is_no_inbound_topic(settings, options: list[str]) -> None:
    settings.KAFKA_BOOTSTRAP_SERVERS = ""
    with pytest.raises(CommandError, match="No group trades-inbound"):
        call_command("consume", "trades-inbound", *options)


def test_a_message_that_comes_again_is_put_aside_once(topics: None) -> None:
    put(TOPIC, b"1")
    first = letters_of(INBOUND, 1)
    again = inbound_reader(replace(INBOUND, group_id="nft-another-group"))
    put(TOPIC, body("t1", new_wallet()))
    turn_until(Trade.objects.exists, again)
    again.close()
    assert list(DeadLetter.objects.all()) == first
    assert (first[0].type, first[0].error.split(": ")[1]) == (UNREADABLE, "not a JSON object")


def test_a_redrive_records_what_could_not_be_recorded(topics: None) -> None:
    service, wallet = Repairable(), new_wallet()
    put(TOPIC, body("t1", wallet), body("t2", wallet))
    one, two = letters_of(service.inbound(), 2)
    [outcome] = redriven(one)
    assert (outcome.result, outcome.error) == (Result.FAILED, "not today")
    service.works = True
    out = StringIO()
    call_command("deadletters", "redrive", str(one.pk), stdout=out)
    assert "handled" in out.getvalue()
    assert (Trade.objects.get().trade_id, volume_of(wallet)) == ("t1", Decimal("10.5"))
    call_command("deadletters", "redrive", "--group", INBOUND.name, stdout=out)
    assert not DeadLetter.objects.exists()
    assert redriven(one, two) == []
    assert volume_of(wallet) == 21


def test_a_redrive_that_fails_says_why_and_keeps_the_letter(topics: None) -> None:
    class Broken(Repairable):
        def record(self, bodies: list[bytes | None]) -> list[str | None]:
            if self.works:
                raise ZeroDivisionError("still broken")
            return super().record(bodies)

    service = Broken()
    put(TOPIC, body("t1", new_wallet()))
    [letter] = letters_of(service.inbound(), 1)
    service.works = True
    with pytest.raises(CommandError, match="Some failed again"):
        call_command("deadletters", "redrive", str(letter.pk), stdout=StringIO())
    place = letter.error.split(": ")[0]
    assert DeadLetter.objects.get().error == f"{place}: ZeroDivisionError: still broken"


def test_a_redrive_whose_reason_no_column_can_hold_keeps_the_letter(topics: None) -> None:
    put(TOPIC, body("t1", new_wallet()))
    [letter] = letters_of(Repairable().inbound(), 1)

    def fall_over(_bodies: list[bytes | None]) -> list[str | None]:
        raise ValueError("half a \ud800 and a \0")

    register_inbound(replace(INBOUND, record=fall_over))
    assert [it.result for it in redriven(letter)] == [Result.FAILED]
    letter.refresh_from_db()
    assert letter.error.endswith("ValueError: half a \\ud800 and a \\0")


def test_what_the_topic_does_not_keep_whole_cannot_be_redriven(topics: None) -> None:
    allow_large(TOPIC)
    put(TOPIC, LARGE)
    [large] = letters_of(INBOUND, 1)
    lost = DeadLetter.objects.create(
        group=INBOUND.name, event_id=User().pk, position=0, type=UNREADABLE, error="@9: lost"
    )
    outcomes = {outcome.letter_id: outcome for outcome in redriven(large, lost)}
    assert {outcome.result for outcome in outcomes.values()} == {Result.FAILED}
    assert outcomes[large.pk].error == TOO_LARGE
    assert outcomes[lost.pk].error == NOT_IN_THE_TOPIC
    assert DeadLetter.objects.waiting().count() == 2


def test_a_redrive_without_kafka_leaves_the_letters_as_they_were(
    topics: None, settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(TOPIC, b"1")
    [letter] = letters_of(INBOUND, 1)
    monkeypatch.setattr("events.kafka.letters.SEARCH_SECONDS", 1.0)
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"
    [outcome] = redriven(letter)
    assert outcome.result is Result.FAILED
    assert outcome.error.startswith("Kafka: ")
    assert DeadLetter.objects.get().error == letter.error
