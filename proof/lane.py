"""One system under proof, in a process of its own: takes cases, answers with their results.

`python -m proof.lane FOLDER PACE`: a case as JSON a line in, a result as JSON a line out.
"""

import gc
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

# Loaded here once, so that every process forked from here starts in moments.
import celery.bin.celery  # noqa: E402
import httpx  # noqa: E402
import uvicorn.main  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connections  # noqa: E402

import config.asgi  # noqa: E402
import config.celery  # noqa: E402
import config.urls  # noqa: E402
from events.models import Event  # noqa: E402
from nft.models import UpgradeRequest  # noqa: E402
from proof import hooks, sabotage  # noqa: E402
from proof.cases import Case, Result  # noqa: E402
from proof.ears import Ears  # noqa: E402
from proof.effects import register_group  # noqa: E402
from proof.haste import hurry  # noqa: E402
from proof.invariants import Ending, breaches  # noqa: E402
from proof.member import Member, new_member, qualify  # noqa: E402
from proof.node import A_CONNECTION_A_CALL, Node  # noqa: E402
from proof.orders import Board, Order  # noqa: E402
from proof.phases import Witness  # noqa: E402
from proof.programs import Program, words_of  # noqa: E402
from proof.scenarios import SCENARIOS, Scenario  # noqa: E402
from proof.standing import Promises  # noqa: E402
from proof.story import NeverCame, Story  # noqa: E402
from proof.watch import Watch  # noqa: E402

PROGRAMS = ("web", "worker", "events", "beat")
KILLED = -9
OWNERS = 4  # made at a time
OWNER_SECONDS = 120.0

_loaded = (celery.bin.celery, uvicorn.main, config.asgi, config.urls)


class Lane:
    def __init__(self, folder: Path) -> None:
        self.board = Board(folder)
        self.node = Node(settings.SOLANA_RPC_URL)
        self.url = os.environ["DATABASE_URL"]
        self.witness = Witness(self.url)
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{os.environ['PORT']}", timeout=60, trust_env=False,
            limits=A_CONNECTION_A_CALL,
        )  # fmt: skip
        # A pool has threads, which do not survive a fork: only the forked processes have one.
        self.pool = settings.DATABASES["default"]["OPTIONS"].pop("pool")
        self.ears = Ears()
        self.breaks = ""
        self.owners: list[Member] = []
        self.unexpected: list[str] = []
        self.programs = [self._program(name, folder) for name in PROGRAMS]

    def _program(self, name: str, folder: Path) -> Program:
        words = words_of(name, os.environ)
        if name == "events":
            words.append("proof")
        return Program(name, words, folder / f"{name}.log", lambda: self._prepare(name))

    def _prepare(self, name: str) -> None:
        """In the forked process, before it becomes the program."""
        settings.DATABASES["default"]["OPTIONS"]["pool"] = self.pool
        sabotage.apply(self.breaks)
        if name == "beat":
            return
        witness = Witness(self.url)
        promises = Promises(witness, settings.SOLANA_RPC_URL)
        hooks.install(Watch(name, self.board, witness, promises))

    def start(self) -> None:
        self.board.give(None)
        for program in self.programs:
            self._start(program)

    def stop(self) -> None:
        for program in self.programs:
            program.kill()

    def _start(self, program: Program) -> None:
        connections.close_all()
        program.start()

    def tend(self) -> None:
        """Start again whatever has been killed."""
        self.ears.listen()
        for program in self.programs:
            if program.has_ended:
                if program.exit_code != KILLED:
                    self.unexpected.append(f"{program.name} ended with {program.exit_code}.")
                self._start(program)

    # --- one case

    def run(self, case: Case) -> Result:
        scenario = SCENARIOS[case.scenario]
        self._break(case.breaks)
        member = self._owner() if scenario.starts_with_nft else new_member(self.node)
        self.unexpected = []
        self.board.give(_order(case, scenario, member))
        ending = Ending(scenario.ends, scenario.is_late)
        try:
            scenario.tell(self._story(member, case.patience))
            found = self._settle(case, member, ending)
            if not found and self._dies_later(case):
                found = self._settle(case, member, ending)
        except NeverCame as reason:
            found = [str(reason)]
        ended = time.time()
        self.board.give(None)
        UpgradeRequest.objects.of_user(member.user.id).update(watch_burn=False)
        deaths = self.board.deaths(case.number)
        return Result(
            case=case,
            points=self.board.notes("points", case.number),
            breaches=[
                *found, *self.unexpected, *dict.fromkeys(self.board.notes("breaches", case.number)),
            ],
            deaths=[death.point for death in deaths],
            recovered=ended - deaths[-1].at if deaths else None,
        )  # fmt: skip

    def _break(self, guard: str) -> None:
        """Start everything anew with this guard broken, or whole."""
        if guard != self.breaks:
            self.breaks = guard
            self.stop()
            self.start()

    def _story(self, member: Member, patience: float) -> Story:
        return Story(
            member=member, node=self.node, witness=self.witness, http=self.http, tend=self.tend,
            patience=patience,
        )  # fmt: skip

    def _settle(self, case: Case, member: Member, ending: Ending) -> list[str]:
        """Left alone until everything is as promised; what is not, after a while.

        Not waited for once a promise was broken on the way.
        """
        is_broken = bool(self.board.notes("breaches", case.number))
        deadline = time.monotonic() + (0 if is_broken else case.patience)
        while next(self._breaches(member, ending), None):
            if time.monotonic() > deadline:
                return list(self._breaches(member, ending))
            self.tend()
            time.sleep(0.1)
        return []

    def _dies_later(self, case: Case) -> bool:
        """Whether a kill that is still to come came while all was quiet."""
        before, deadline = len(self.board.deaths(case.number)), time.monotonic() + case.linger
        while len(deaths := self.board.deaths(case.number)) < len(case.arms):
            if time.monotonic() > deadline:
                break
            self.tend()
            time.sleep(0.1)
        return len(deaths) > before

    def _breaches(self, member: Member, ending: Ending) -> Iterator[str]:
        yield from breaches(member, self.node, ending)
        yield from self.ears.breaches(Event.objects.all().head_position())

    def _owner(self) -> Member:
        """With the first tier's NFT, qualified for the second; several are made at once."""
        if not self.owners:
            self.owners = [new_member(self.node) for _ in range(OWNERS)]
            stories = [self._story(member, OWNER_SECONDS) for member in self.owners]
            for story in stories:
                story.unlock()
            for story in stories:
                story.wait_for("unlock minted")
            for member in self.owners:
                qualify(member.user, level=2)
        return self.owners.pop()


def _order(case: Case, scenario: Scenario, member: Member) -> Order:
    return Order(
        case=case.number,
        member=str(member.user.id),
        arms=case.arms,
        failing=scenario.failing,
        loses=scenario.loses,
        only=scenario.only,
    )


def main() -> None:
    folder, is_quick = Path(sys.argv[1]), sys.argv[2] == "quick"
    register_group()
    settings.CELERY_BEAT_SCHEDULE = {
        name: entry
        for name, entry in settings.CELERY_BEAT_SCHEDULE.items()
        if str(entry["task"]).startswith("nft.")
    }
    if is_quick:
        hurry()
    config.celery.app.loader.import_default_modules()
    gc.freeze()  # or the first collection in each process copies all that is loaded here
    lane = Lane(folder)
    try:
        lane.start()
        for line in sys.stdin:
            answer: dict[str, Any] = lane.run(Case(**json.loads(line))).as_json()
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
    finally:
        lane.stop()


if __name__ == "__main__":
    main()
