"""A broker that wants TLS and a password.

Asked here: do all settings reach every client? What is said of a wrong password, of a broker
whose certificate another authority signed, of TLS left out? Does anything tell the password?
"""

import logging
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from django.core.management import CommandError, call_command

from events.kafka.inbound import Inbound, inbound_reader
from events.kafka.topics import delete_topics, planned_topics
from tests.kafka.parts import counted, new_bridge, running, turning, wait_until, written
from tests.patience import PATIENCE
from tools.kafka.certificates import write_certificates
from tools.kafka.server import KafkaServer

pytestmark = [pytest.mark.kafka, pytest.mark.django_db(transaction=True)]

PASSWORD = "correct-horse"
WRONG = "wrong-battery"


@pytest.fixture(autouse=True)
def _every_line_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test heard is not kept from the next."""
    monkeypatch.setattr("events.kafka.client.SAME_LINE_SECONDS", 0.0)


@pytest.fixture
def secured(kafka: KafkaServer, settings: Any) -> KafkaServer:
    """The settings that the listener wants, for a user that it knows."""
    user = f"user-{uuid4().hex[:8]}"
    password = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
    change = UserScramCredentialUpsertion(user, password, PASSWORD.encode())
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    for result in admin.alter_user_scram_credentials([change]).values():
        result.result(timeout=PATIENCE)
    settings.KAFKA_PREFIX = f"t{uuid4().hex[:8]}-"
    settings.KAFKA_BOOTSTRAP_SERVERS = kafka.secured
    settings.KAFKA_SECURITY_PROTOCOL = "SASL_SSL"
    settings.KAFKA_SASL_MECHANISM = "SCRAM-SHA-512"
    settings.KAFKA_SASL_USERNAME = user
    settings.KAFKA_SASL_PASSWORD = PASSWORD
    settings.KAFKA_CA_PATH = str(kafka.ca)
    return kafka


def test_every_process_gets_through_by_the_documented_variables(
    secured: KafkaServer, settings: Any, tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n")
    names = ["BOOTSTRAP_SERVERS", "SECURITY_PROTOCOL", "SASL_MECHANISM", "SASL_USERNAME"]
    names += ["CA_PATH", "PREFIX"]
    environment = {f"KAFKA_{name}": str(getattr(settings, f"KAFKA_{name}")) for name in names}
    environment |= {"KAFKA_SASL_PASSWORD_FILE": str(secret), "KAFKA_SESSION_TIMEOUT_MS": "6000"}
    log = tmp_path / "log"
    assert any(makes_topics(environment, log) for _ in range(3)), log.read_text()
    written("a", "b", "c")
    with running("consume", "kafka", "counter", environment=environment, log=log) as readers:
        wait_until(lambda: counted() == 3 or readers.poll() is not None)
    assert counted() == 3, log.read_text()
    assert PASSWORD not in log.read_text()
    delete_topics(planned_topics())


def makes_topics(environment: dict[str, str], log: Path) -> bool:
    """The command gives up by itself where a machine stands still for long."""
    with running("kafka_topics", environment=environment, log=log) as topics:
        return bool(topics.wait(PATIENCE) == 0)


def wrong_password(_: KafkaServer, settings: Any, __: Path) -> str:
    settings.KAFKA_SASL_PASSWORD = WRONG
    return "SASL authentication error"


def wrong_authority(_: KafkaServer, settings: Any, folder: Path) -> str:
    write_certificates(folder)
    settings.KAFKA_CA_PATH = str(folder / "ca.pem")
    return "certificate could not be verified"


def no_tls(_: KafkaServer, settings: Any, __: Path) -> str:
    settings.KAFKA_SECURITY_PROTOCOL = "PLAINTEXT"
    return "Kafka (PLAINTEXT at 127.0.0.1:"


def tls_to_a_plain_listener(broker: KafkaServer, settings: Any, __: Path) -> str:
    settings.KAFKA_BOOTSTRAP_SERVERS = broker.bootstrap
    return "SSL connection closed by peer"


@pytest.fixture(params=[wrong_password, wrong_authority, no_tls, tls_to_a_plain_listener])
def mistake(
    request: pytest.FixtureRequest, secured: KafkaServer, settings: Any, tmp_path: Path
) -> str:
    """A setting that is wrong, and the words that an operator must find."""
    words: str = request.param(secured, settings, tmp_path)
    return words


def refusal() -> CommandError:
    with pytest.raises(CommandError) as caught:
        call_command("kafka_topics")
    return caught.value


def test_the_topics_are_refused_with_the_reason(
    mistake: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.kafka.topics.TIMEOUT_SECONDS", 2.0)
    errors: list[BaseException | None] = []

    def told() -> bool:
        errors[:] = [error := refusal(), error.__cause__]
        return mistake in str(error)

    wait_until(told)  # a busy broker may need longer to refuse
    assert settings.KAFKA_BOOTSTRAP_SERVERS in str(errors[0])
    for error in errors:
        assert PASSWORD not in repr(error)
        assert WRONG not in repr(error)


def test_bridge_and_readers_try_on_and_log_the_reason(
    mistake: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.kafka.bridge.INIT_SECONDS", 2.0)
    caplog.set_level(logging.INFO)
    nobody = Inbound("x", "mp-trade-topic", "nobody", lambda bodies: [None] * len(bodies))
    for reader in (new_bridge(), inbound_reader(nobody)):
        caplog.clear()
        with turning(reader):
            wait_until(lambda: mistake in caplog.text)
        for secret in (PASSWORD, WRONG):
            assert secret not in caplog.text + repr(vars(reader))
