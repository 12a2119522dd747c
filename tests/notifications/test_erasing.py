"""Somebody who is erased is told nothing, however close it was."""

import threading

import pytest
from django.db import connections, transaction

from notifications.models import Delivery, Notification
from notifications.services.erasing import erase_member
from notifications.services.notifying import notify
from tests.notifications.parts import NOW, earn, new_user, reachable
from tests.patience import PATIENCE


@pytest.mark.django_db(transaction=True)
def test_who_is_erased_while_they_are_being_told_keeps_nothing(settings) -> None:
    settings.EMAIL_ENABLED = True
    user = new_user()
    reachable(user)

    def erase() -> None:
        erase_member(user_id=user.id, now=NOW)
        connections.close_all()

    thread = threading.Thread(target=erase)
    with transaction.atomic():
        assert notify(events=[earn(user)], now=NOW)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
    thread.join(PATIENCE)
    assert not Notification.objects.exists()
    assert not Delivery.objects.exists()
    with transaction.atomic():
        assert notify(events=[earn(user)], now=NOW) == []
