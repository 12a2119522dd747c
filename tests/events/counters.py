"""A read model for the tests: counters in `UserSequence` rows, one live and one shadow."""

from uuid import UUID

from events.groups import ConsumerGroup, Replay, Shadow
from events.models import Event, UserSequence

LIVE, SHADOW = UUID(int=98), UUID(int=99)


def value(row: UUID) -> int:
    return Event.objects.all().user_head(row)


def put(row: UUID, number: int) -> None:
    UserSequence.objects.update_or_create(user_id=row, defaults={"sequence": number})


class Counter:
    """Adds up the numbers in `badgeId`; what counts twice is seen. Chokes as told."""

    def __init__(self) -> None:
        self.chokes_on: set[str] = set()
        self.replayed: list[str] = []
        self.dies = False

    def group(self, name: str = "counter") -> ConsumerGroup:
        return ConsumerGroup(
            name,
            self.handle,
            transactional=True,
            types=frozenset({"badge_activated"}),
            replay=self.replay,
            shadow=Shadow(lambda: put(SHADOW, 0), self.fill, self.swap),
            batch_size=2,
        )

    def handle(self, events: list[Event]) -> None:
        self._add(LIVE, events)

    def fill(self, events: list[Event]) -> None:
        self._add(SHADOW, events)

    def swap(self) -> None:
        put(LIVE, value(SHADOW))

    def replay(self, events: list[Event], mark: Replay) -> None:
        self.replayed += [f"{mark.group} {event.data['badgeId']}" for event in events]

    def _add(self, row: UUID, events: list[Event]) -> None:
        if self.dies:
            raise SystemExit("killed")
        for event in events:
            badge = event.data["badgeId"]
            if badge in self.chokes_on:
                raise ValueError(f"cannot digest {badge}")
            put(row, value(row) + int(badge))
