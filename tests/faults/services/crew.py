"""The processes of a run, as the Procfile starts them. Each may be killed, frozen and started again."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from core.processes import spawn, stop
from tests.faults.services.plan import AUDIT, BRIDGE, REBUILD, SERVICES, WRITER, Profile

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = "import django; django.setup(); from tests.faults.services.{} import main; main()"
# Not in the Procfile: the sequencer alone, because other groups are no matter here; and what an
# operator types.
OWN = {
    "sequencer": "python manage.py sequence",
    REBUILD: "python manage.py replay --group analytics --into shadow --swap",
}
BURY = """
UPDATE events_consumergroup SET lease_until = now() - interval '1 s' WHERE lease_until IS NOT NULL
"""
GROUPS = {SERVICES: ("analytics", "notifications"), AUDIT: ("audit",)}


@dataclass(frozen=True)
class Stand:
    """Where a run takes place: `environment` is that of every process, and complete."""

    folder: Path
    environment: Mapping[str, str]
    bus: str


class Crew:
    def __init__(self, stand: Stand, profile: Profile, seed: int):
        self._stand, self._profile, self._seed = stand, profile, seed
        self._attempts: Counter[str] = Counter()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.frozen: set[str] = set()
        self.doomed: dict[str, str] = {}  # who will end itself, and in which moment
        self.surprises: list[str] = []  # processes that ended unasked

    def start_all(self) -> None:
        (self._stand.folder / "logs").mkdir(parents=True, exist_ok=True)
        for role in ("sequencer", *(("worker", "beat") if self._profile.jobs else ())):
            self.start(f"{role}-1")
        for role in (*self._profile.roles, *([BRIDGE] if self._stand.bus == "kafka" else [])):
            self.start(f"{role}-1")
            self.start(f"{role}-2")

    def start(self, name: str, *, moment: str = "") -> None:
        """With a moment, it ends itself there."""
        self._attempts[name] += 1
        role = name.rsplit("-", 1)[0]
        if role == WRITER:
            rate = str(self._profile.rate)
            command = _python("writer", name, str(self._attempts[name]), str(self._seed), rate)
        elif moment:
            self.doomed[name] = moment
            command = _python("unfair", moment, *_manage(role))
        else:
            command = ["bash", "-c", f"exec {_line(role)}"]
        with (self._stand.folder / "logs" / name).open("ab") as log:
            self.processes[name] = spawn(command, env=self._stand.environment, cwd=ROOT, log=log)

    # --- faults

    def up(self, role: str) -> list[str]:
        """Those of a role that run, are not frozen, and have no end ahead of them."""
        names = [name for name in self.processes if name.startswith(f"{role}-")]
        return [
            name
            for name in names
            if self.processes[name].poll() is None and name not in {*self.frozen, *self.doomed}
        ]

    def leader(self, role: str) -> str | None:
        """Who reads for the role's first group, if it can be told."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT split_part(owner, ':', 2) FROM events_consumergroup WHERE name = %s",
                GROUPS.get(role, ("",))[:1],
            )
            row = cursor.fetchone()
        pids = {str(self.processes[name].pid): name for name in self.up(role)}
        return pids.get(row[0]) if row else None

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def freeze(self, name: str) -> None:
        self.frozen.add(name)
        self.processes[name].send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self.frozen.discard(name)
        self.processes[name].send_signal(signal.SIGCONT)

    def fallen(self) -> list[tuple[str, str]]:
        """Who ended since it was asked last, and the moment in which it ended itself; any other
        end is a surprise, and it is started again."""
        found = []
        for name, process in list(self.processes.items()):
            if process.poll() is None:
                continue
            del self.processes[name]
            moment = self.doomed.pop(name, "")
            if moment and process.returncode == -signal.SIGKILL:
                found.append((name, moment))
                continue
            if name.startswith(REBUILD):
                found.append((name, ""))
                continue
            self.surprises.append(f"{name} ended by itself with {process.returncode}")
            self.start(name)
        return found

    def rebuild(self, moment: str) -> bool:
        """Start one that ends itself in the moment; False while one runs."""
        name = f"{REBUILD}-1"
        if name in self.processes:
            return False
        self.bury()
        self.start(name, moment=moment)
        return True

    def bury(self) -> None:
        """As if the time had passed after which the dead are given up: ten seconds for a reader,
        five minutes for a replay."""
        every = "" if self._profile.hurry else " AND name LIKE '%/replay'"
        with connection.cursor() as cursor:
            cursor.execute(BURY + every)

    # --- the end

    def stop_role(self, role: str) -> None:
        names = [name for name in self.processes if name.startswith(f"{role}-")]
        for name in names:
            self.processes[name].send_signal(signal.SIGTERM)
        for name in names:
            stop(self.processes.pop(name))

    def stop(self) -> None:
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait()


def _line(role: str) -> str:
    lines = dict(
        line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines() if ": " in line
    )
    return {**lines, **OWN}[role]


def _manage(role: str) -> list[str]:
    """What `manage.py` gets, without the port that a shell would fill in."""
    return _line(role).split("manage.py ")[1].split(" $")[0].split()


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM.format(module), *arguments]
