"""A post office and a push service, with an installation that uses them."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from notifications.vapid import VapidKey
from tests.notifications.receivers import PostOffice, PushService, b64


@pytest.fixture
def office(settings: Any) -> Iterator[PostOffice]:
    office = PostOffice()
    office.open()
    settings.EMAIL_BACKEND = settings.SMTP_BACKEND
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
    settings.EMAIL_ENABLED = True
    yield office
    office.close()


@pytest.fixture
def push_service(settings: Any) -> Iterator[PushService]:
    service = PushService()
    settings.VAPID_KEY = VapidKey(b64(secrets.token_bytes(32)), "mailto:ops@example.org")
    settings.PUSH_LOOPBACK_ALLOWED = True
    yield service
    service.close()
