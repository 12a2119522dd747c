"""One run: the services at work, struck while members live, left alone, and compared."""

import random
import sched
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from core.ids import uuid7
from events.models import Event
from events.services import publish
from nft.events import UpgradeCompleted
from notifications.models import Delivery
from notifications.services.delivering import deliver
from tests.faults.chaos.cluster import wait_until
from tests.faults.services.crew import Crew, Stand
from tests.faults.services.plan import (
    AGAIN,
    KAFKA,
    MOMENT_STRIKES,
    POISON,
    REBUILD,
    WRITER,
    Profile,
    Strike,
    away,
    plan,
    strikes_of,
)
from tests.faults.services.truth import witnessed
from tests.faults.services.verdict import Verdict, judge, settled, standing
from tests.notifications.receivers import PostOffice
from tests.patience import PATIENCE

LATE_SECONDS = 40.0  # for a strike whose victim was away when its moment came
REWIND = "UPDATE events_consumergroup SET position = 0 WHERE name = ANY(%s)"
LED = "SELECT count(*) FROM events_consumergroup WHERE name = ANY(%s) AND turned_at IS NOT NULL"
REBUILDING = next(strike for strike in MOMENT_STRIKES if strike.role == REBUILD)
NO_ROOM = 2**40  # for a column of 32 bits; a level by the event's schema


@dataclass
class Result:
    """What a run has shown. `verdict.breaches` is empty when the promise was kept."""

    seed: int
    profile: Profile
    bus: str
    events: int = 0
    writing_seconds: float = 0.0
    hits: Counter[Strike] = field(default_factory=Counter)
    settling_seconds: float | None = None  # None: it never did
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def never(self) -> list[Strike]:
        """Strikes that did not come to happen."""
        return [strike for strike in strikes_of(self.profile, self.bus) if not self.hits[strike]]


def run(
    stand: Stand, office: PostOffice, profile: Profile, seed: int, tell: Callable[[str], None]
) -> Result:
    result = Result(seed, profile, stand.bus)
    crew = Crew(stand, profile, seed)
    with witnessed():
        try:
            tell(f"Starting the services, which read the {stand.bus} ...")
            crew.start_all()
            wait_until(_all_reading, "a reader of every group", seconds=PATIENCE)
            tell(f"Writing {profile.rate} events/s for {profile.seconds:.0f} s, with strikes ...")
            torment = Torment(crew, result)
            torment.run()
            tell("Left alone ...")
            _settle(torment, crew, result)
        finally:
            crew.stop()
        if result.settling_seconds is not None:
            tell("Comparing with a replay from zero ...")
            result.verdict = judge(office, stand.folder, poisoned=result.hits[POISON])
        else:
            result.verdict.breaches += ["it never settled", *standing()]
        result.verdict.breaches += crew.surprises
    return result


def _all_reading() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(LED, [["analytics", "notifications", "audit"]])
        return bool(cursor.fetchone() == (3,))


def _settle(torment: "Torment", crew: Crew, result: Result) -> None:
    def is_settled() -> bool:
        torment.look()
        if not result.profile.jobs:
            _deliver()
        return settled()

    try:
        crew.bury()
        result.settling_seconds = wait_until(
            is_settled, "everything handled", seconds=result.profile.patience
        )
    except RuntimeError:
        return
    result.events = Event.objects.count()


def _deliver() -> None:
    for delivery_id in Delivery.objects.due(now=timezone.now()).values_list("id", flat=True):
        deliver(delivery_id=delivery_id, now=timezone.now())


class Torment:
    """Carries the plan out, in one thread, which owns the processes."""

    def __init__(self, crew: Crew, result: Result):
        self._crew, self._result = crew, result
        self._dice = random.Random(result.seed)
        self._agenda = sched.scheduler(time.monotonic, time.sleep)
        self._writing, self._began = True, 0.0
        self._until = 0.0
        self._resting: list[str] = []  # until another one of their role has met its moment

    def run(self) -> None:
        """Returns when writing is over and everyone is back."""
        self._crew.start(f"{WRITER}-1")
        wait_until(Event.objects.exists, "the writer's first events", seconds=PATIENCE)
        self._began = time.monotonic()
        last = self._result.profile.seconds
        for moment, strike in plan(self._result.profile, self._result.bus, self._dice):
            self._agenda.enter(moment, 1, self._strike, (strike,))
            last = max(last, moment)
        self._until = self._began + last + LATE_SECONDS
        self._agenda.enter(last, 2, self._stop_writing)
        self._agenda.enter(0.1, 3, self._look)
        self._agenda.run()

    def _strike(self, strike: Strike) -> None:
        if not self._is_hit(strike):
            if time.monotonic() < self._until and (self._writing or strike.role != WRITER):
                self._agenda.enter(0.3, 1, self._strike, (strike,))
        elif strike not in MOMENT_STRIKES:
            self._result.hits[strike] += 1

    def _is_hit(self, strike: Strike) -> bool:
        """False when there is nobody to hit just now."""
        if strike == AGAIN:
            self._rewind()
        elif strike == POISON:
            _poison()
        elif strike.role == REBUILD:
            return self._crew.rebuild(strike.what)
        else:
            return self._hit(strike)
        return True

    def _hit(self, strike: Strike) -> bool:
        up = self._crew.up(strike.role)
        if not up:
            return False
        leader = self._crew.leader(strike.role) if self._dice.random() < 0.8 else None
        victim, pause = leader or self._dice.choice(up), away(self._dice, strike)
        if strike.what == "frozen":
            self._crew.freeze(victim)
            self._agenda.enter(pause, 1, self._crew.thaw, (victim,))
        elif strike in MOMENT_STRIKES:
            self._doom(victim, up, strike.what)
        else:
            self._crew.kill(victim)
            self._crew.bury()
            self._agenda.enter(pause, 1, self._bring_back, (victim,))
        return True

    def _doom(self, victim: str, up: list[str], moment: str) -> None:
        """It starts anew, as the only one of its role until its end, so that it gets the work."""
        for name in up:
            self._crew.kill(name)
        self._crew.bury()
        self._crew.start(victim, moment=moment)
        self._resting += [name for name in up if name != victim]

    def look(self) -> None:
        """Who has ended itself in its moment comes back, with those who rested meanwhile."""
        for name, moment in self._crew.fallen():
            self._result.hits.update(it for it in MOMENT_STRIKES if it.what == moment)
            self._crew.bury()
            if not name.startswith(REBUILD):
                self._bring_back(name)
                self._wake(name.rsplit("-", 1)[0])
            elif not moment:  # refused, because others work with the tables: once more
                self._agenda.enter(1.0, 1, self._strike, (REBUILDING,))

    def _look(self) -> None:
        self.look()
        going = self._writing or self._crew.doomed or self._crew.frozen or not self._agenda.empty()
        if going and time.monotonic() < self._until:
            self._agenda.enter(0.1, 3, self._look)

    def _wake(self, role: str) -> None:
        for name in [name for name in self._resting if name.startswith(f"{role}-")]:
            self._resting.remove(name)
            self._bring_back(name)

    def _bring_back(self, name: str) -> None:
        if name not in self._crew.processes and (self._writing or not name.startswith(WRITER)):
            self._crew.start(name)

    def _rewind(self) -> None:
        """Readers of the log see it from its beginning; to Kafka it is sent once more."""
        groups = ["kafka"] if self._result.bus == KAFKA else ["analytics", "notifications", "audit"]
        with connection.cursor() as cursor:
            cursor.execute(REWIND, [groups])

    def _stop_writing(self) -> None:
        if self._crew.doomed and time.monotonic() < self._until:  # it needs events to come so far
            self._agenda.enter(0.3, 2, self._stop_writing)
            return
        self._writing = False
        self._crew.stop_role(WRITER)
        self._result.writing_seconds = time.monotonic() - self._began


def _poison() -> None:
    """An event that its schema allows and analytics cannot store; the others can handle it."""
    nobody = UUID(int=0)
    with transaction.atomic():
        publish(
            UpgradeCompleted(
                user_id=uuid7(), upgrade_request_id=nobody, new_nft_id=nobody, mint_address="M" * 44,
                transaction_signature="5" * 88, level=NO_ROOM, duration_ms=1,
            )
        )  # fmt: skip
