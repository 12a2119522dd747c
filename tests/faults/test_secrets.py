"""Processes that fail say why, and no secret. Every log of the system is searched at its end."""

import subprocess
import sys

import pytest

from demo.servers import Server
from demo.system import ROOT
from tests.faults.member import newcomer
from tests.faults.system import FaultySystem
from tests.patience import PATIENCE

SECRET = "a-secret-that-nobody-may-read"


def output_of(*command: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT, env=environment, timeout=PATIENCE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode != 0
    return done.stdout.decode()


@pytest.mark.e2e
def test_an_error_of_ours_is_logged_and_answered_without_secrets(system: FaultySystem) -> None:
    member = newcomer(system)
    system.sql("ALTER TABLE user_nfts RENAME TO hidden")
    try:
        answer = member.send("GET", "/api/v1/user/nfts")
    finally:
        system.sql("ALTER TABLE hidden RENAME TO user_nfts")
    assert answer.status_code == 500
    assert answer.json()["error_code"] == "INTERNAL_ERROR"
    assert "hidden" not in answer.text
    assert "user_nfts" not in answer.text
    system.wait_for_log("web", "Internal Server Error: /api/v1/user/nfts")
    assert member.headers["Authorization"].split()[1] not in system.log_of("web")
    assert system.leaks() == []


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", f"postgres://aiw3:{SECRET}@127.0.0.1:port/postgres"),
        ("DATABASE_URL", SECRET),
        ("MINT_AUTHORITY_KEYPAIR", SECRET),
        ("MINT_DERIVATION_SECRETS", f"1:{SECRET}"),
        ("MINT_DERIVATION_SECRETS", SECRET),
    ],
)
def test_a_start_that_fails_names_the_fault_and_not_the_secret(
    system: FaultySystem, name: str, value: str
) -> None:
    environment = {**system.environment(), name: value}
    told = output_of("manage.py", "migrate", "--check", **environment)
    assert SECRET not in told
    assert told.strip()


@pytest.mark.e2e
def test_a_wrong_database_password_is_not_repeated(system: FaultySystem) -> None:
    right = system.secrets()["DATABASE_URL"]
    url = system.environment()["DATABASE_URL"].replace(right, SECRET)
    environment = {**system.environment(), "DATABASE_URL": url}
    told = output_of("manage.py", "migrate", "--check", **environment)
    assert "password authentication failed" in told
    assert SECRET not in told


@pytest.mark.e2e
def test_a_server_does_not_show_its_password(system: FaultySystem) -> None:
    server = Server(system.environment()["REDIS_URL"], system.children["redis"])
    assert system.secrets()["REDIS_URL"] not in repr(server)
    assert system.secrets()["REDIS_URL"] not in repr(system.redis())
