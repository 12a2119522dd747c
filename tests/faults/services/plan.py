"""What a run does: how long, how fast, and which strikes in which order."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.chaos.plan import LEASE_SECONDS
from tests.faults.services.unfair import MOMENTS

SERVICES, AUDIT, REBUILD, WORKER, BRIDGE, WRITER = (
    "services", "audit", "rebuild", "worker", "bridge", "writer",
)  # fmt: skip
LOG, KAFKA = "log", "kafka"


@dataclass(frozen=True)
class Strike:
    """`what` is killed, frozen, or a moment of `unfair.py`; or one of the two below."""

    what: str
    role: str = ""

    def __str__(self) -> str:
        return f"{self.role} {self.what}".strip()


AGAIN = Strike("every event comes again")
POISON = Strike("an event that nobody can count")
MOMENT_STRIKES = tuple(Strike(name, moment.role) for name, moment in MOMENTS.items())
USUAL = (Strike("killed", SERVICES), Strike("killed", AUDIT), AGAIN, POISON)
FROZEN = (Strike("frozen", SERVICES), Strike("frozen", AUDIT))
OUTER = (Strike("killed", WORKER), Strike("killed", WRITER))


@dataclass(frozen=True)
class Profile:
    """`rate` is in events a second, before those that the services add; `pause` is the mean time
    between two strikes. `hurry` lets leases of the dead run out at once."""

    name: str
    seconds: float
    rate: int
    pause: float
    patience: float  # seconds until everything must be handled, left alone
    strikes: tuple[Strike, ...]
    buses: tuple[str, ...] = (LOG,)
    hurry: bool = False
    roles: tuple[str, ...] = (SERVICES, AUDIT)  # of two processes each
    jobs: bool = False  # worker and beat run; else the proof itself delivers in the end


SUITE = Profile(
    "suite", 5, 150, 0.9, 60, hurry=True,
    strikes=(*USUAL, *(it for it in MOMENT_STRIKES if it.what == "between effect and position")),
)  # fmt: skip
PROFILES = {
    "short": Profile("short", 20, 200, 1.4, 120, (*USUAL, *MOMENT_STRIKES), hurry=True),
    "long": Profile(
        "long", 120, 400, 3.5, 240, (*USUAL, *FROZEN, *OUTER, *MOMENT_STRIKES), jobs=True,
        buses=(LOG, KAFKA),
    ),
}  # fmt: skip


def strikes_of(profile: Profile, bus: str) -> tuple[Strike, ...]:
    bridge = (Strike("killed", BRIDGE), Strike("frozen", BRIDGE)) if bus == KAFKA else ()
    return (*profile.strikes, *bridge)


def plan(profile: Profile, bus: str, dice: random.Random) -> Iterator[tuple[float, Strike]]:
    """Moments (seconds from the start) and strikes: each once before any comes again.

    The first round comes whole, however long it takes.
    """
    strikes, moment, is_first = strikes_of(profile, bus), 0.0, True
    while True:
        for strike in dice.sample(strikes, len(strikes)):
            moment += profile.pause * dice.uniform(0.6, 1.4)
            if moment > profile.seconds and not is_first:
                return
            yield moment, strike
        is_first = False


def away(dice: random.Random, strike: Strike) -> float:
    """Seconds that a frozen process sleeps, or a killed one is away."""
    if strike.what != "frozen":
        return dice.uniform(0.0, 1.0)
    return dice.choice((dice.uniform(1.0, 4.0), LEASE_SECONDS + dice.uniform(1.0, 4.0)))
