"""The topics, and what is said to a broker."""

from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from demo.servers import free_port
from events.catalogue import event_types, schema_for
from events.kafka.client import new_consumer, new_producer
from events.kafka.topics import PARTITIONS, delete_topics, ensure_topics, planned_topics
from tools.kafka import server
from tools.kafka.server import KafkaMissing, KafkaServer, start_kafka


def test_every_documented_topic_is_planned_with_its_dead_letters() -> None:
    plan = planned_topics()
    documented = {topic for name in event_types() for topic in schema_for(name).topics}
    assert documented <= plan.keys()
    assert {f"{topic}.dlq" for topic in documented} <= plan.keys()
    assert plan["nft-event-log"] == 6
    assert plan["user-nft-events-topic"] == 5
    assert plan["mp-trade-topic"] == 3
    assert plan["mp-trade-topic.dlq"] == 1
    assert set(PARTITIONS) >= documented


@pytest.mark.kafka
def test_the_command_makes_the_topics_once_and_tells_of_drift(kafka, settings) -> None:
    settings.KAFKA_BOOTSTRAP_SERVERS = kafka.bootstrap
    settings.KAFKA_PREFIX = f"t{uuid4().hex[:8]}-"
    with pytest.raises(CommandError, match="nft-event-log does not exist"):
        call_command("kafka_topics", "--check", stdout=StringIO())
    ensure_topics({"nft-operations-topic": 2})
    out = StringIO()
    with pytest.raises(CommandError, match="nft-operations-topic has 2 partitions instead of 3"):
        call_command("kafka_topics", stdout=out)
    assert f"{len(planned_topics()) - 1} created, 1 were there" in out.getvalue()
    again = StringIO()
    with pytest.raises(CommandError, match="instead of 3"):
        call_command("kafka_topics", "--check", stdout=again)
    assert f"0 created, {len(planned_topics())} were there" in again.getvalue()
    delete_topics(planned_topics())


def test_the_command_says_what_is_missing(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.KAFKA_BOOTSTRAP_SERVERS = ""
    with pytest.raises(CommandError, match="KAFKA_BOOTSTRAP_SERVERS is not set"):
        call_command("kafka_topics")
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"
    monkeypatch.setattr("events.kafka.topics.TIMEOUT_SECONDS", 0.5)
    with pytest.raises(CommandError, match=r"^Kafka \(PLAINTEXT at 127\.0\.0\.1:1\): "):
        call_command("kafka_topics")


def test_credentials_reach_the_client_and_no_log(settings, caplog) -> None:
    settings.KAFKA_BOOTSTRAP_SERVERS = "127.0.0.1:1"
    settings.KAFKA_SECURITY_PROTOCOL = "SASL_PLAINTEXT"
    settings.KAFKA_SASL_MECHANISM = "SCRAM-SHA-512"
    settings.KAFKA_SASL_USERNAME = "bridge"
    settings.KAFKA_SASL_PASSWORD = "hunter2-secret"
    producer = new_producer(lambda _error, _message: None)
    producer.poll(0.2)
    new_consumer("anybody").close()
    assert "hunter2" not in caplog.text + repr(producer)
    settings.KAFKA_SASL_MECHANISM = "NO-SUCH-MECHANISM"
    with pytest.raises(Exception, match="Unsupported SASL") as caught:
        new_producer(print)
    assert "hunter2" not in str(caught.value)
    settings.KAFKA_SECURITY_PROTOCOL, settings.KAFKA_CA_PATH = "SSL", "/no/such/ca.pem"
    with pytest.raises(Exception, match=r"ca\.pem|ssl"):
        new_producer(print)


def test_a_machine_without_java_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    server.fetch_jars.cache_clear()
    try:
        with pytest.raises(KafkaMissing, match="'java'"):
            server.fetch_jars()
    finally:
        server.fetch_jars.cache_clear()


@pytest.mark.kafka
def test_a_broker_that_served_before_is_never_erased(kafka: KafkaServer, tmp_path: Path) -> None:
    """Not even when it does not start: whoever calls again wants its data."""
    assert (kafka.folder / "served").exists()
    kept = tmp_path / "data" / "meta.properties"
    kept.parent.mkdir()
    for path in (kept, tmp_path / "server.properties", tmp_path / "served"):
        path.write_text("as it was")
    port = tmp_path / "port"
    port.write_text(str(free_port()))
    before = port.read_text()
    with pytest.raises(RuntimeError, match="Kafka did not start"):
        start_kafka(tmp_path)
    assert (kept.read_text(), port.read_text()) == ("as it was", before)
