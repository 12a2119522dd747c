"""A real Apache Kafka, one KRaft node on loopback, out of jars from Maven Central."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import time
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from core.processes import spawn, stop
from demo.servers import lasting_port
from tools.kafka.certificates import write_certificates

POM = Path(__file__).parent / "pom.xml"
CACHE = Path(__file__).resolve().parents[2] / "build" / "kafka"
FETCH_SECONDS = 400
START_SECONDS = 180.0
ATTEMPTS = 3
JAVA_OPTIONS = (
    "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)  # fmt: skip
QUICK_START = ("-XX:TieredStopAtLevel=1",)  # compiles at once, and never well


class KafkaMissing(Exception):
    """This machine cannot run Kafka: Java or Maven is missing, or the jars cannot be had."""


@dataclass
class KafkaServer:
    """A running broker. Its data outlives it: `start_kafka` in the same folder goes on."""

    folder: Path
    bootstrap: str
    process: subprocess.Popen[bytes]
    java: tuple[str, ...]

    @property
    def secured(self) -> str:
        """The address of the SASL_SSL listener, which wants SCRAM-SHA-512 and trusts `ca`."""
        return _address(self.folder / "secured-port")

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def stop(self) -> None:
        stop(self.process, grace=15)

    def start_again(self) -> None:
        """At the same address, with the data that is there."""
        self.process = start_kafka(self.folder, java=self.java).process

    def spawn_again(self) -> None:
        """The same, without waiting until it answers."""
        self.process = _spawn(self.folder, fetch_jars(), self.java).process

    def await_answer(self) -> None:
        """Raises RuntimeError, with the end of its log, when it does not serve."""
        if not _answers(self):
            raise RuntimeError(f"Kafka does not serve: {(self.folder / 'log').read_text()[-2000:]}")


def start_kafka(folder: Path, *, java: tuple[str, ...] = QUICK_START) -> KafkaServer:
    """Serve the broker whose data lies in `folder`, made on first use and never erased.

    `java` are more options of the virtual machine; none for one that is to work for long.
    Raises KafkaMissing, or RuntimeError with the end of its log when it does not start.
    """
    jars = fetch_jars()
    folder.mkdir(parents=True, exist_ok=True)
    served = folder / "served"  # from then on clients know its addresses
    for _ in range(ATTEMPTS):
        if not served.exists():  # somebody may take a port between our choice and its use
            _configure(folder)
        if not (folder / "data" / "meta.properties").exists():
            _format(folder, jars)
        server = _spawn(folder, jars, java)
        if _answers(server):
            served.touch()
            return server
        server.stop()
    raise RuntimeError(f"Kafka did not start: {(folder / 'log').read_text()[-2000:]}")


@cache
def fetch_jars() -> Path:
    """The folder with the jars that `pom.xml` names, fetched once a checkout by Maven."""
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            raise KafkaMissing(f"Kafka needs {program!r}, which is not installed")
    target = CACHE / hashlib.sha256(POM.read_bytes()).hexdigest()[:16]
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _fetch(target)
    return target


def _fetch(target: Path) -> None:
    unfinished = target.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    log = CACHE / "maven.log"
    with log.open("wb") as out:
        maven = spawn(
            ["mvn", "-B", "-q", "-f", POM, "dependency:copy-dependencies",
             f"-DoutputDirectory={unfinished}", "-DincludeScope=runtime"], log=out,
        )  # fmt: skip
    try:
        failed = maven.wait(FETCH_SECONDS) != 0
    except subprocess.TimeoutExpired:
        stop(maven)
        failed = True
    if failed:
        raise KafkaMissing(f"Maven could not fetch Kafka: {log.read_text()[-1000:]}")
    unfinished.rename(target)


def _configure(folder: Path) -> None:
    ports = {name: lasting_port() for name in ("port", "secured-port", "controller-port")}
    for name, port in ports.items():
        (folder / name).write_text(str(port))
    write_certificates(folder)
    (folder / "server.properties").write_text(_properties(folder))


def _address(port: Path) -> str:
    return f"127.0.0.1:{port.read_text()}"


def _format(folder: Path, jars: Path) -> None:
    with (folder / "log").open("ab") as log:
        tool = spawn(
            ["java", *JAVA_OPTIONS, *QUICK_START, "-cp", f"{jars}/*", "kafka.tools.StorageTool", "format",
             "-t", uuid.uuid4().hex[:22], "-c", folder / "server.properties"], log=log,
        )  # fmt: skip
    if tool.wait(START_SECONDS) != 0:
        raise RuntimeError(f"Kafka's storage: {(folder / 'log').read_text()[-2000:]}")


def _properties(folder: Path) -> str:
    plain, secured = _address(folder / "port"), _address(folder / "secured-port")
    controller = _address(folder / "controller-port")
    listeners = f"PLAINTEXT://{plain},SECURED://{secured}"
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    return "\n".join(
        [
            "process.roles=broker,controller",
            "node.id=1",
            f"controller.quorum.voters=1@{controller}",
            f"listeners={listeners},CONTROLLER://{controller}",
            f"advertised.listeners={listeners}",
            "listener.security.protocol.map="
            "PLAINTEXT:PLAINTEXT,SECURED:SASL_SSL,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name=PLAINTEXT",
            "controller.listener.names=CONTROLLER",
            "listener.name.secured.sasl.enabled.mechanisms=SCRAM-SHA-512",
            f"listener.name.secured.scram-sha-512.sasl.jaas.config={scram}",
            "listener.name.secured.ssl.keystore.type=PEM",
            f"listener.name.secured.ssl.keystore.location={folder / 'broker.pem'}",
            f"log.dirs={folder / 'data'}",
            "auto.create.topics.enable=false",
            "offsets.topic.num.partitions=1",
            "offsets.topic.replication.factor=1",
            "transaction.state.log.num.partitions=1",
            "transaction.state.log.replication.factor=1",
            "transaction.state.log.min.isr=1",
            "group.initial.rebalance.delay.ms=0",
            "log.index.size.max.bytes=65536",  # tests make many partitions
            "",
        ]
    )


def _spawn(folder: Path, jars: Path, java: tuple[str, ...]) -> KafkaServer:
    with (folder / "log").open("ab") as log:
        process = spawn(
            ["java", *JAVA_OPTIONS, *java, "-cp", f"{jars}/*", "kafka.Kafka",
             folder / "server.properties"],
            cwd=folder, env={**os.environ, "LC_ALL": "C"}, log=log,
        )  # fmt: skip
    return KafkaServer(folder, _address(folder / "port"), process, java)


def _answers(server: KafkaServer) -> bool:
    """Wait until the broker serves; False when it ends, or takes too long."""
    admin = AdminClient({"bootstrap.servers": server.bootstrap, "log_level": 0})
    deadline = time.monotonic() + START_SECONDS
    while server.process.poll() is None and time.monotonic() < deadline:
        try:
            if admin.list_topics(timeout=1).brokers:
                return True
        except KafkaException:
            time.sleep(0.1)
    return False
