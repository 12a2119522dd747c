"""Every process of the demo: started in order, watched, and stopped in order."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
from solders.keypair import Keypair

from core.processes import spawn
from demo.airdrop import balance, request_airdrop
from demo.configuration import APPLICATION_ROLE, installation_values, write_private
from demo.localnet import SLOT_MS, Localnet, start_localnet
from demo.servers import Server, start_postgres, start_redis
from demo.state import State

ROOT = Path(__file__).resolve().parent.parent
APPLICATIONS = ("web", "worker", "beat", "events", "services", "audit")  # as named in the Procfile
PREPARE_SECONDS = 240.0
READY_SECONDS = 120.0
GRACE_SECONDS = 6.0
AUTHORITY_LAMPORTS = 100 * 10**9
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TERM", "TZ", "LD_LIBRARY_PATH")


class SystemFailed(Exception):
    """A process did not start, or ended; the message ends with the tail of its log."""


class System:
    """The demo's processes on loopback; `base_url` answers once `start()` has returned."""

    slot_ms = SLOT_MS

    def __init__(self, state: State, *, port: int) -> None:
        self.state = state
        self.base_url = f"http://127.0.0.1:{port}"
        self._values_file = state.folder / "secrets.json"
        self.values = installation_values(self._values_file)
        self._port = port
        self._servers: list[Server] = []
        self._localnet: Localnet | None = None
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def localnet(self) -> Localnet:
        if self._localnet is None:
            raise RuntimeError("start() first")
        return self._localnet

    @property
    def service_api_key(self) -> str:
        return self.values["DEMO_SERVICE_API_KEY"]

    def start_servers(self) -> None:
        """PostgreSQL, Redis and the localnet, each on a free port of its own."""
        folder = self.state.folder
        # As durable as the default, and a commit takes a fraction of its time on many disks.
        durable = ("wal_sync_method=open_datasync",)
        self._servers.append(start_postgres(folder / "postgres", settings=durable))
        self._servers.append(start_redis(folder / "redis"))
        self._children |= {"postgres": self._servers[0].process, "redis": self._servers[1].process}
        self._localnet = start_localnet(
            folder / "localnet.ledger", self.state.log("localnet"), slot_ms=self.slot_ms
        )
        self._children["localnet"] = self._localnet.process

    def prepare(self) -> None:
        """Migrate, collect static files, seed; make the admin and the service key."""
        with self.state.log("prepare").open("wb") as log:
            child = spawn(
                [sys.executable, "-m", "demo.prepare", self._values_file],
                cwd=ROOT, env=self.environment(), log=log,
            )  # fmt: skip
        try:
            code = child.wait(PREPARE_SECONDS)
        except subprocess.TimeoutExpired:
            code = None  # it ends with us
        if code != 0:
            raise SystemFailed(f"Preparing ended with {code}.\n{self._tail('prepare')}")
        self.values = installation_values(self._values_file)

    def fund_authority(self) -> None:
        """The backend's account pays for the mints."""
        authority = str(Keypair.from_base58_string(self.values["MINT_AUTHORITY_KEYPAIR"]).pubkey())
        if balance(self.localnet.rpc_url, authority) < AUTHORITY_LAMPORTS // 2:
            request_airdrop(self.localnet.rpc_url, authority, AUTHORITY_LAMPORTS)

    def start_applications(self) -> None:
        lines = dict(
            line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines() if line
        )
        for name in APPLICATIONS:
            with self.state.log(name).open("wb") as log:
                self._children[name] = spawn(
                    ["/bin/sh", "-c", f"exec {lines[name]}"],
                    cwd=ROOT, env=self.application_environment(), log=log,
                )  # fmt: skip

    def wait_until_ready(self) -> None:
        """Raises SystemFailed when a process ends or `/readyz` does not turn 200 in time."""
        deadline = time.monotonic() + READY_SECONDS
        answer = "nothing"
        with httpx.Client(timeout=2, trust_env=False) as client:
            while time.monotonic() < deadline:
                self.check()
                with suppress(httpx.TransportError):
                    response = client.get(f"{self.base_url}/readyz")
                    if response.status_code == 200:
                        return
                    answer = f"{response.status_code} {response.text[:500]}"
                time.sleep(0.1)
        raise SystemFailed(f"/readyz answered {answer}\n{self._tail('web')}")

    def check(self) -> None:
        """Raises SystemFailed when a process has ended."""
        for name, child in self._children.items():
            if child.poll() is not None:
                raise SystemFailed(
                    f"The {name} process ended with {child.returncode}.\n{self._tail(name)}"
                )

    def environment(self) -> Mapping[str, str]:
        """What the processes are configured with, and nothing of the caller's settings."""
        database, redis = (server.url for server in self._servers)
        kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
        binaries = str(Path(sys.executable).parent)
        return kept | self.values | {
            "PATH": f"{binaries}:{kept.get('PATH', os.defpath)}",
            "PYTHONUNBUFFERED": "1",
            "HOST": "127.0.0.1",
            "PORT": str(self._port),
            "PUBLIC_BASE_URL": self.base_url,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "AUDIT_LOG_NAME": "demo/audit",  # stays when another PORT is asked for
            "SECURE_COOKIES": "false",
            "ADMIN_REQUIRE_OTP": "false",  # a password is enough, and the admin says so
            "DATABASE_URL": database,
            "REDIS_URL": redis,
            "SOLANA_RPC_URL": self.localnet.rpc_url,
            "SOLANA_SLOT_MS": str(self.slot_ms),
            "CHAIN_POLL_MS": "20",
            "SOLANA_GENESIS_HASH": self.localnet.genesis_hash,
            "LOCALNET_ALLOWED": "true",
            "DEMO_WALLET": "true",
            "STATIC_ROOT": str(self.state.folder / "static"),
            "NFT_STORAGE_OPTIONS": json.dumps({"location": str(self.state.folder / "nft")}),
            "BEAT_SCHEDULE": str(self.state.folder / "beat"),
        }  # fmt: skip

    def application_environment(self) -> Mapping[str, str]:
        """The same, but with a database role that owns nothing and so cannot touch the audit log."""
        environment = self.environment()
        owner = urlsplit(environment["DATABASE_URL"])
        place = f"{owner.hostname}:{owner.port}"
        login = f"{APPLICATION_ROLE}:{self.values['DEMO_DATABASE_PASSWORD']}"
        url = urlunsplit(owner._replace(netloc=f"{login}@{place}"))
        return {**environment, "DATABASE_URL": url}

    def write_info(self) -> None:
        """Tell scripts how to drive this demo: the shape of DESIGN, "How it runs"."""
        environment = self.environment()
        info = {
            "baseUrl": self.base_url,
            "rpcUrl": self.localnet.rpc_url,
            "wsUrl": self.localnet.ws_url,
            "serviceApiKey": self.service_api_key,
            "adminUser": self.values["DEMO_ADMIN_USER"],
            "adminPassword": self.values["DEMO_ADMIN_PASSWORD"],
            "databaseUrl": environment["DATABASE_URL"],
            "redisUrl": environment["REDIS_URL"],
            "genesisHash": self.localnet.genesis_hash,
            "pids": {"demo": os.getpid()}
            | {name: child.pid for name, child in self._children.items()},
        }
        write_private(self.state.info, json.dumps(info, indent=2) + "\n")

    def stop(self) -> None:
        """The applications together, then what they stand on; a few seconds at most."""
        self.state.info.unlink(missing_ok=True)
        applications = [self._children.pop(name, None) for name in APPLICATIONS]
        _stop_together([child for child in applications if child is not None])
        if self._localnet is not None:
            self._localnet.stop()
        for server in reversed(self._servers):
            server.stop()
        self._children.clear()

    def _tail(self, name: str, lines: int = 25) -> str:
        places: dict[str, Callable[[], Path]] = {
            "postgres": lambda: self.state.folder / "postgres" / "log",
            "redis": lambda: self.state.folder / "redis" / "log",
        }
        log = places.get(name, lambda: self.state.log(name))()
        if not log.exists():
            return ""
        end = log.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join([f"The end of {log}:", *(f"  {line}" for line in end)])


def _stop_together(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    for child in children:
        try:
            child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
