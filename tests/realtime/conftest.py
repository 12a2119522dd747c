"""One server for a whole module: its tests use people of their own and clean up at the end."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test.utils import setup_databases, teardown_databases
from pytest_django.plugin import DjangoDbBlocker

from realtime.pusher import push_head
from tests.realtime.feed import Person, head, new_person
from tests.realtime.servers import WebServer, close_streams, start_web


@pytest.fixture(scope="session")
def committing_database(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The test database, also when no selected test carries the `django_db` mark."""
    with django_db_blocker.unblock():
        made = []
        if connection.settings_dict["NAME"] in str(settings.DATABASE_DIRECT_URL).split("/")[-1:]:
            made = setup_databases(verbosity=0, interactive=False, aliases={"default": None})
        yield
        if made:
            teardown_databases(made, verbosity=0)


@pytest.fixture(scope="module")
def shared_log(
    committing_database: None,
    django_db_setup: Callable[[], None],
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """The database, committing, not emptied between the tests of a module.

    (A server's hub must not see the log go back; and starting one for each test is slow.)
    """
    with django_db_blocker.unblock():
        empty_log()
        yield
        empty_log()
        django_db_setup()
        connection.close()


def empty_log() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE events_event, events_sequencer, events_user_sequence, accounts_user CASCADE"
        )


@pytest.fixture(scope="module")
def web(shared_log: None) -> Iterator[WebServer]:
    server = start_web()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def _closed_streams() -> Iterator[None]:
    yield
    close_streams()


@pytest.fixture
def person(shared_log: None) -> Person:
    return new_person()


@pytest.fixture
def other(shared_log: None) -> Person:
    return new_person()


@pytest.fixture
def heads(shared_log: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Pushes the head twice a second, as the consumer group does when it is idle."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.5):
            with suppress(OperationalError):  # a busy machine: the next one comes soon
                push_head(head())
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    stop.set()
    thread.join()
