"""Every test has topics, groups and transactions of its own on one broker."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from events.kafka.topics import delete_topics, ensure_topics
from tests.kafka.parts import TOPICS, KafkaBus, PostgresBus
from tests.patience import PATIENCE
from tools.kafka.server import KafkaMissing, KafkaServer, start_kafka


@pytest.fixture(scope="package")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """The broker; without Java or Maven its tests are left out."""
    try:
        server = start_kafka(tmp_path_factory.mktemp("kafka"))
    except KafkaMissing as reason:
        pytest.skip(str(reason))
    yield server
    server.stop()


@pytest.fixture
def topics(kafka: KafkaServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("events.kafka.topics.TIMEOUT_SECONDS", PATIENCE)
    settings.KAFKA_BOOTSTRAP_SERVERS = kafka.bootstrap
    settings.KAFKA_PREFIX = f"t{uuid4().hex[:8]}-"
    settings.KAFKA_SESSION_TIMEOUT_MS = 6000
    ensure_topics(TOPICS)
    yield
    settings.KAFKA_BOOTSTRAP_SERVERS = kafka.bootstrap
    delete_topics(TOPICS)


@pytest.fixture(autouse=True)
def _listen_to_the_test_database(settings: Any, db: None) -> None:
    name = str(connection.settings_dict["NAME"])
    settings.DATABASE_DIRECT_URL = make_conninfo(settings.DATABASE_DIRECT_URL, dbname=name)


@pytest.fixture(params=["postgres", pytest.param("kafka", marks=pytest.mark.kafka)])
def bus(request: pytest.FixtureRequest) -> Iterator[PostgresBus]:
    if request.param == "kafka":
        request.getfixturevalue("topics")
        found: PostgresBus = KafkaBus()
    else:
        found = PostgresBus()
    yield found
    found.close()
