"""A process that lets members live, at a bounded rate of events."""

import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from django.db import DatabaseError, InterfaceError, connection, transaction

from accounts.models import User
from core.correlation import set_correlation_id
from core.errors import Conflict
from core.ids import uuid7
from events.processes import run_until_signal
from nft.models import Tier
from tests.faults.chaos.writer import Pace
from tests.faults.services.members import Party, Step, trade

CONNECTIONS = 3
TOGETHER = 4  # members of a party
AT_A_TIME = 40  # members who trade in one batch
TRADING = 0.55  # of the transactions, once there are so many


def write(pace: Pace, dice: random.Random, stop: threading.Event) -> None:
    tiers, known = list(Tier.objects.order_by("level")), list[User]()
    steps = _steps(dice, tiers, known)
    while not stop.is_set():
        step, cost = next(steps)
        while not pace.take(cost) and not stop.wait(0.01):
            pass
        set_correlation_id(str(uuid7()))
        try:
            with transaction.atomic(durable=True):
                step()
        except (DatabaseError, InterfaceError, Conflict):  # a job was faster
            pace.give_back(cost)
            steps = _steps(dice, tiers, known)  # whoever was on the way stays where they are
            with suppress(DatabaseError, InterfaceError):
                connection.close()
    connection.close()


def _steps(dice: random.Random, tiers: list[Tier], known: list[User]) -> Iterator[tuple[Step, int]]:
    """Each with about how many events it publishes; members whose way is over trade on."""
    for step in _lives(dice, tiers, known):
        while len(known) >= AT_A_TIME and dice.random() < TRADING:
            yield partial(trade, dice.sample(known[-1000:], AT_A_TIME), dice), AT_A_TIME
        yield step, 6


def _lives(dice: random.Random, tiers: list[Tier], known: list[User]) -> Iterator[Step]:
    while True:
        party = Party(dice, tiers, size=TOGETHER)
        yield from party.steps()
        known += party.users


def main() -> None:
    """Arguments: name and attempt, which make the dice's seed with the run's; seed, rate."""
    name, attempt, seed, rate = sys.argv[1:5]
    pace = Pace(float(rate), began=time.monotonic(), written=0)
    loops = {}
    for number in range(CONNECTIONS):
        dice = random.Random(f"{seed} {name} {attempt} {number}")
        loops[f"{name}.{number}"] = partial(write, pace, dice)
    run_until_signal(loops)
