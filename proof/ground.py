"""The servers that the proof stands on: one PostgreSQL, Redis and localnet for all lanes."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from solders.keypair import Keypair

from chain.localnet.process import LocalnetProcess
from demo.configuration import new_secrets
from demo.servers import free_port, start_postgres, start_redis
from proof.programs import ROOT

SLOT_MS = 40
FINALITY_SLOTS = 15
AUTHORITY_LAMPORTS = 1000 * 10**9
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TERM", "TZ", "LD_LIBRARY_PATH")


@dataclass(frozen=True)
class Ground:
    """`environment` is that of the template database; each lane has a copy of its own."""

    folder: Path
    environment: Mapping[str, str]

    def for_lane(self, number: int) -> dict[str, str]:
        database, redis = self.environment["DATABASE_URL"], self.environment["REDIS_URL"]
        folder = self.folder / f"lane{number}"
        return {
            **self.environment,
            "DATABASE_URL": database.removesuffix("/postgres") + f"/lane{number}",
            "REDIS_URL": redis.removesuffix("/0") + f"/{number}",
            "PORT": str(free_port()),
            "BEAT_SCHEDULE": str(folder / "beat"),
        }


@contextmanager
def ground(folder: Path, lanes: int) -> Iterator[Ground]:
    """Started, migrated and seeded; stopped at the end."""
    postgres = start_postgres(folder / "postgres")
    try:
        redis = start_redis(folder / "redis")
        try:
            with LocalnetProcess(
                slot_ms=SLOT_MS, finality=FINALITY_SLOTS, airdrop_cap=AUTHORITY_LAMPORTS
            ) as chain:
                yield _prepare(folder, _environment(postgres.url, redis.url, chain), chain, lanes)
        finally:
            redis.stop()
    finally:
        postgres.stop()


def _environment(database: str, redis: str, chain: LocalnetProcess) -> dict[str, str]:
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return kept | new_secrets() | {
        "DATABASE_URL": database,
        "REDIS_URL": redis,
        "SOLANA_RPC_URL": chain.rpc_url,
        "SOLANA_GENESIS_HASH": chain.genesis_hash,
        "SOLANA_SLOT_MS": str(SLOT_MS),
        "LOCALNET_ALLOWED": "true",
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECURE_COOKIES": "false",
        "PUBLIC_BASE_URL": f"https://{secrets.token_hex(4)}.example",
        "RATE_LIMIT_UPGRADE": "1000/min",
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
        "WEB_WORKERS": "1",
        "HOST": "127.0.0.1",
    }  # fmt: skip


def _prepare(
    folder: Path, environment: dict[str, str], chain: LocalnetProcess, lanes: int
) -> Ground:
    authority = Keypair.from_base58_string(environment["MINT_AUTHORITY_KEYPAIR"])
    chain.airdrop(str(authority.pubkey()), AUTHORITY_LAMPORTS)
    with (folder / "prepare.log").open("wb") as log:
        subprocess.run(
            [sys.executable, "-m", "proof.preparing"],
            cwd=ROOT, env=environment, stdout=log, stderr=log, check=True,
        )  # fmt: skip
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE postgres STRATEGY file_copy")
    url = environment["DATABASE_URL"].removesuffix("/postgres") + "/template1"
    with psycopg.connect(url, autocommit=True) as session:
        for number in range(lanes):
            session.execute(copy.format(sql.Identifier(f"lane{number}")))
            (folder / f"lane{number}").mkdir()
    return Ground(folder, environment)
