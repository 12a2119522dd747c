"""The container files name nothing that does not exist, and start it in order.

No engine is needed. `docker compose config` is asked too where the client has it.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands, load_command_class

from config.celery import app as celery_app
from demo.configuration import env_file
from events.bus import reader_names
from events.groups import group_named, group_names
from events.kafka.bridge import GROUP as BRIDGE
from events.kafka.inbound import inbound_names
from events.watch import watched
from tests.patience import PATIENCE

ROOT = Path(settings.BASE_DIR)
# Names that Compose itself replaces, and that no program of ours reads.
INTERPOLATED = {"POSTGRES_PASSWORD"}


@cache
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]]
    found = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return found


def ours() -> dict[str, dict[str, Any]]:
    """Those made of our image, by name."""
    return {name: service for name, service in services().items() if "build" in service}


def procfile() -> dict[str, str]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines)


def words(line: str) -> list[list[str]]:
    """The commands of a line of the Procfile, as the shell understands them."""
    inner = re.fullmatch(r'sh -c "(.*)"', line)
    commands = inner[1].split("&&") if inner else [line]
    environment = {"PATH": os.environ["PATH"], "METRICS_PORT": "9101"}
    return [
        subprocess.run(
            ["/bin/sh", "-c", f"printf '%s\\n' {command}"],
            env=environment, capture_output=True, text=True, check=True, timeout=PATIENCE,
        ).stdout.splitlines()
        for command in commands
    ]  # fmt: skip


def test_the_processes_are_those_of_the_procfile() -> None:
    assert {service["command"][0] for service in ours().values()} == set(procfile())
    for name, service in ours().items():
        assert service["command"] == [name]


@pytest.mark.parametrize("name", sorted(procfile()))
def test_what_a_process_runs_exists(name: str, settings: Any) -> None:
    settings.KAFKA_BOOTSTRAP_SERVERS = "kafka:9092"  # inbound topics exist with Kafka only
    for command in words(procfile()[name]):
        assert command[0] == "python"
        if command[1] == "-m":
            assert find_spec(command[2]) is not None
            continue
        assert command[1] == "manage.py"
        program = load_command_class(get_commands()[command[2]], command[2])
        options = program.create_parser("manage.py", command[2]).parse_args(command[3:])
        assert set(getattr(options, "groups", [])) <= {*reader_names(), BRIDGE}


def test_every_group_and_inbound_topic_has_a_process() -> None:
    run = {word for line in procfile().values() for command in words(line) for word in command}
    ours = [it for it in group_names() if not group_named(it).handle.__module__.startswith("tests")]
    assert {*ours, *inbound_names(), BRIDGE} - run == set()


def test_the_workers_read_every_queue_that_jobs_go_to() -> None:
    [command] = words(procfile()["worker"])
    read = command[command.index("--queues") + 1].split(",")
    routes = celery_app.conf.task_routes.values()
    assert {celery_app.conf.task_default_queue, *(route["queue"] for route in routes)} == set(read)


def test_every_variable_is_read_by_somebody() -> None:
    read = set(re.findall(r'"([A-Z][A-Z0-9_]+)"', (ROOT / "config" / "settings.py").read_text()))
    read |= set(re.findall(r"\$\{?([A-Z][A-Z0-9_]+)", (ROOT / "Procfile").read_text()))
    example = {line.split("=")[0] for line in env_file().splitlines() if "=" in line[:40]}
    named = {name for service in ours().values() for name in service.get("environment", {})}
    image = re.findall(r"\b(HOST|BEAT_SCHEDULE|STATIC_ROOT)=", (ROOT / "Dockerfile").read_text())
    assert len(image) == 3
    for name in named | example - INTERPOLATED | set(image):
        assert name.lstrip("# ") in read
    text = (ROOT / "docker-compose.yml").read_text()
    assert set(re.findall(r"\$\{([A-Z_]+)", text)) == INTERPOLATED <= example


def test_every_service_tells_its_health_and_jobs_end() -> None:
    for name, service in services().items():
        ends = service.get("restart") == "no"
        assert ends != ("healthcheck" in service), name
        assert ends == (name in ("release", "topics"))


def test_everything_starts_after_what_it_needs() -> None:
    for name, service in services().items():
        for needed, how in service.get("depends_on", {}).items():
            ends = services()[needed].get("restart") == "no"
            wanted = "service_completed_successfully" if ends else "service_healthy"
            assert how["condition"] == wanted, (name, needed)
    needs = {name: set(service.get("depends_on", {})) for name, service in services().items()}
    assert needs["release"] == {"postgres"}
    assert needs["topics"] == {"kafka"}
    for name in ("bridge", "trades"):
        assert needs[name] == {"release", "redis", "topics"}
    for name in ("web", "worker"):
        assert needs[name] == {"release", "redis", "localnet"}


def test_nothing_secret_is_written_down() -> None:
    for service in services().values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY", name):
                assert str(value).startswith("${")
            assert not re.search(r"://[^:/]+:(?!\$\{)[^@/]+@", str(value))
    assert "POSTGRES_PASSWORD=\n" in (ROOT / ".env.example").read_text()


def probe(name: str, *, at: int) -> int:
    """What a service's health check says of a server at this port."""
    kind, *command = ours()[name]["healthcheck"]["test"]
    assert kind == "CMD"
    port = str(ours()[name]["environment"]["METRICS_PORT"])
    assert port in command[-1]
    command[-1] = command[-1].replace(port, str(at))
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, timeout=PATIENCE, check=False
    ).returncode


class Reader:
    turned_at = float("inf")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["events", "bridge", "trades"])
def test_a_consumer_that_hangs_is_unhealthy(name: str) -> None:
    reader = Reader()
    with watched({"realtime": reader}, host="127.0.0.1", port=0) as server:
        assert server is not None
        assert probe(name, at=server.server_port) == 0
        reader.turned_at = float("-inf")
        assert probe(name, at=server.server_port) != 0
    assert probe(name, at=server.server_port) != 0


def parse(_folder: Path) -> None:
    assert services()


def ask_docker_compose(folder: Path) -> None:
    shutil.copy(ROOT / "docker-compose.yml", folder)
    (folder / ".env").write_text(env_file())
    done = subprocess.run(
        ["docker", "compose", "config", "--quiet"],
        cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def readers() -> list[Callable[[Path], None]]:
    """Who can read the file here; the test's name says who did."""
    client = shutil.which("docker")
    if client is None or subprocess.run([client, "compose", "version"], check=False).returncode:
        return [parse]
    return [parse, ask_docker_compose]


@pytest.mark.parametrize("read", readers())
def test_the_file_is_understood(read: Callable[[Path], None], tmp_path: Path) -> None:
    read(tmp_path)
