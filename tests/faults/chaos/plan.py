"""What a run does: how long, how fast, and which faults in which order."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

LEASE_SECONDS = 10.0  # of a consumer group; a reader that sleeps longer wakes up as a zombie


@dataclass(frozen=True)
class Fault:
    """`role` is killed, or frozen for a while."""

    role: str
    freezes: bool = False

    def __str__(self) -> str:
        return f"{self.role} {'frozen' if self.freezes else 'killed'}"


KINDS = (
    *(
        Fault(role)
        for role in (
            "events", "bridge", "log-reader", "kafka-reader", "writer", "kafka", "postgres",
        )
    ),
    *(
        Fault(role, freezes=True)
        for role in ("events", "bridge", "log-reader", "kafka-reader", "kafka")
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Profile:
    """`rate` is in committed events a second; `pause` is the mean time between two faults."""

    name: str
    seconds: float
    rate: int
    pause: float
    patience: float  # seconds until everything must have caught up, left alone
    kinds: tuple[Fault, ...] = KINDS
    single: tuple[str, ...] = ()  # roles of one process; the others have two


PROFILES = {
    "short": Profile(
        "short", 12, 200, 1.0, 240,
        kinds=tuple(kind for kind in KINDS if not kind.freezes or kind.role == "bridge"),
        single=("events", "writer"),
    ),
    "long": Profile("long", 300, 500, 3.0, 300),
}  # fmt: skip


def faults(profile: Profile, dice: random.Random) -> Iterator[tuple[float, Fault]]:
    """Moments (seconds from the start) and faults: every kind once before any comes again."""
    moment = 0.0
    while True:
        for kind in dice.sample(profile.kinds, len(profile.kinds)):
            moment += profile.pause * dice.uniform(0.6, 1.4)
            if moment > profile.seconds:
                return
            yield moment, kind


def sleep_of(fault: Fault, dice: random.Random) -> float:
    """Seconds that a frozen process sleeps, or a killed one is away."""
    if not fault.freezes:
        return dice.uniform(0.0, 4.0 if fault.role == "kafka" else 2.0)
    if fault.role == "kafka":
        return dice.uniform(2.0, 9.0)
    return dice.choice((dice.uniform(1.0, 4.0), LEASE_SECONDS + dice.uniform(1.0, 4.0)))
