"""A mail server that is slow, to which a letter must not go twice at once.

Asked here: slow at each step? a byte now and then? silent in the handshake? slow to say that it
has the letter? to say goodbye? and a worker that was frozen between its claim and the sending?
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as project

from notifications.channels import timed_smtp
from notifications.channels.base import NotDelivered
from notifications.channels.email import EmailParcel
from notifications.models import Delivery, deliveries
from notifications.models.deliveries import LEASE
from notifications.services.delivering import _claim, deliver
from notifications.services.outcomes import Claimed
from tests.notifications.parts import NOW, attempt
from tests.notifications.slow_office import SlowOffice
from tests.notifications.test_mail import outcomes, planned
from tests.together import run_together

pytestmark = pytest.mark.django_db
Open = Callable[..., SlowOffice]


@pytest.fixture
def open_office(settings: Any) -> Iterator[Open]:
    """Opens a slow office, which is then the mail server. A step may take half a minute."""
    opened: list[SlowOffice] = []

    def open_office(*args: Any, **options: Any) -> SlowOffice:
        opened.append(SlowOffice(*args, **options))
        settings.EMAIL_BACKEND, settings.EMAIL_ENABLED = settings.SMTP_BACKEND, True
        settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", opened[-1].port
        settings.EMAIL_TIMEOUT = 30.0
        return opened[-1]

    yield open_office
    for office in opened:
        office.close()


@pytest.fixture
def allow(monkeypatch: pytest.MonkeyPatch) -> Callable[[float, float], None]:
    """Other times than those of production, which no test waits for."""

    def allow(talk: float, answer: float) -> None:
        monkeypatch.setattr(timed_smtp, "TALK_SECONDS", talk)
        monkeypatch.setattr(timed_smtp, "ANSWER_SECONDS", answer)

    return allow


def test_a_letter_has_less_time_than_its_claim_and_its_job() -> None:
    most = timed_smtp.TALK_SECONDS + timed_smtp.ANSWER_SECONDS
    assert timedelta(seconds=most) <= LEASE - timedelta(seconds=15)
    assert most < project.CELERY_TASK_SOFT_TIME_LIMIT
    assert timed_smtp.ANSWER_SECONDS >= project.EMAIL_TIMEOUT


@pytest.mark.django_db(transaction=True)
def test_a_slow_server_has_one_letter_in_hand_at_a_time(open_office, allow, monkeypatch) -> None:
    """Seven steps of half a second outlast a lease of three, as twelve of nine outlast a minute."""
    office = open_office(0.5)
    allow(1.4, 0.1)
    monkeypatch.setattr(deliveries, "LEASE", timedelta(seconds=3))
    delivery, began = planned(), time.monotonic()

    def work() -> None:
        while (passed := time.monotonic() - began) < 5:
            deliver(delivery_id=delivery.id, now=NOW + timedelta(seconds=passed))
            time.sleep(0.05)

    assert run_together([work] * 2) == [None, None]
    assert office.most_at_once == 1
    assert office.letters == []  # its answer would have come too late
    assert outcomes(delivery) == ["silent"]
    assert delivery.log.get().detail == "TooSlow"


@pytest.mark.parametrize(
    ("how", "changes"),
    [
        ({"pause": 0.4}, {}),
        ({"pause": 0.1, "drips": True}, {}),
        ({}, {"EMAIL_USE_TLS": True}),
        ({"tls": True}, {"EMAIL_USE_SSL": True}),
    ],
    ids=["slow steps", "drips", "silent in STARTTLS", "silent in TLS"],
)
def test_the_time_for_a_letter_ends_however_the_server_is_slow(
    how, changes, open_office, allow, settings
) -> None:
    office = open_office(**how)
    allow(1.0, 0.5)
    for name, value in changes.items():
        setattr(settings, name, value)
    delivery, began = planned(), time.monotonic()
    assert attempt(delivery, now=NOW).status == "waiting"
    assert time.monotonic() - began < 10
    assert (outcomes(delivery), office.letters) == (["silent"], [])


def test_a_server_that_thinks_about_the_letter_has_time_to_answer(open_office, allow) -> None:
    office = open_office(LETTER=2.5)
    allow(2.0, 8.0)
    assert attempt(planned(), now=NOW).status == "sent"
    assert len(office.letters) == 1


def test_a_letter_whose_answer_was_lost_goes_again_under_its_name(open_office, allow) -> None:
    slow = open_office(LETTER=15.0)
    allow(2.0, 0.5)
    delivery = attempt(planned(), now=NOW)
    assert (delivery.status, outcomes(delivery)) == ("waiting", ["silent"])
    quick = open_office()
    assert attempt(delivery, now=delivery.next_run_at).status == "sent"
    assert quick.letters == slow.letters == [f"<{delivery.key}@127.0.0.1>"]


def test_a_letter_that_was_taken_is_sent_though_the_goodbye_never_comes(open_office, allow) -> None:
    office = open_office(QUIT=15.0)
    allow(2.0, 0.5)
    delivery, began = planned(), time.monotonic()
    assert attempt(delivery, now=NOW).status == "sent"
    assert time.monotonic() - began < 10
    assert len(office.letters) == 1


def test_a_worker_that_was_frozen_after_its_claim_sends_nothing(open_office) -> None:
    office = open_office()
    claimed = _claim(planned().id, NOW)
    assert isinstance(claimed, Claimed)
    assert isinstance(claimed.parcel, EmailParcel)
    long_ago = claimed.parcel.packed - LEASE.total_seconds()
    with pytest.raises(NotDelivered, match="TooSlow"):
        replace(claimed.parcel, packed=long_ago).send()
    assert (office.heard, office.letters) == ([], [])
    assert Delivery.objects.get().status == "waiting"
