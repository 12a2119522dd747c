"""python -m tests.faults.services PROFILE SEED BUS: a run on servers of its own.

Exits 0 when all was the same and every strike came; keeps the logs when not.
"""

import logging
import os
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import django
from django.core.management import call_command

from core.interrupts import interrupt_on
from demo.configuration import new_secrets
from demo.servers import start_postgres, start_redis
from tests.faults.services.plan import KAFKA, PROFILES
from tests.notifications.receivers import PostOffice
from tools.kafka.server import KafkaMissing, start_kafka

# The machine itself does not fail here, so nothing needs to reach the disk.
FAST = ("fsync=off", "synchronous_commit=on", "max_connections=400")
SESSION_TIMEOUT_MS = "6000"


def main() -> int:
    profile, seed, bus = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    interrupt_on(signal.SIGINT, signal.SIGTERM)
    folder = Path(tempfile.mkdtemp(prefix="aiw3-faults-"))
    folder.chmod(0o711)  # root's PostgreSQL runs as somebody else
    kept = False
    try:
        kept = _is_kept(folder, profile, seed, bus)
    except (KafkaMissing, RuntimeError) as error:
        _say(str(error))
    except KeyboardInterrupt:
        kept = True  # nobody asked for the logs
        return 130
    finally:
        if kept:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            _say(f"Logs: {folder}")
    return 0 if kept else 1


def _is_kept(folder: Path, profile: str, seed: int, bus: str) -> bool:
    with ExitStack() as servers:
        office = PostOffice()
        office.open()
        servers.callback(office.close)
        environment = _environment(folder, bus, office, servers)
        os.environ |= environment
        django.setup()
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        _prepare(bus)
        from tests.faults.services.crew import Stand  # needs the models
        from tests.faults.services.report import report
        from tests.faults.services.run import run

        result = run(Stand(folder, environment, bus), office, PROFILES[profile], seed, _say)
        _say(f"\n{report(result)}\n")
        return not result.verdict.breaches and not result.never


def _environment(folder: Path, bus: str, office: PostOffice, servers: ExitStack) -> dict[str, str]:
    """Complete: nothing of the caller's settings reaches the processes."""
    postgres = start_postgres(folder / "postgres", settings=FAST)
    servers.callback(postgres.stop)
    redis = start_redis(folder / "redis")
    servers.callback(redis.stop)
    values = new_secrets() | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",  # this one is `python`
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": postgres.url,
        "REDIS_URL": redis.url,
        "SOLANA_RPC_URL": "http://127.0.0.1:1",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(office.port),
        "NOTIFICATION_RATE_EMAIL": "60000/min",
        "BEAT_SCHEDULE": str(folder / "beat"),
    }
    if bus == KAFKA:
        kafka = start_kafka(folder / "kafka", java=())
        servers.callback(kafka.stop)
        values["KAFKA_BOOTSTRAP_SERVERS"] = kafka.bootstrap
        values["KAFKA_SESSION_TIMEOUT_MS"] = SESSION_TIMEOUT_MS
    return values


def _prepare(bus: str) -> None:
    call_command("migrate", verbosity=0)
    call_command("seed", verbosity=0)
    if bus == KAFKA:
        call_command("kafka_topics")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
