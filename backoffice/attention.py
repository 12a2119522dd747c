"""What needs a person now: each function of LOOKS looks at one thing.

An app that has something to say here adds a function; this app is above all of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.urls import reverse

from events.groups import group_names
from events.models import DeadLetter, ReplayOrder
from events.status import GroupStatus, group_statuses, unnumbered
from nft.models import AuthorityBalance, NftHolding, UpgradeStatus
from nft.services.stuck import stuck_unlocks, stuck_upgrades
from notifications.models import Delivery, DeliveryStatus, Provider

LAG_BOUND = timedelta(seconds=30)
LOOKED_AT_BOUND = timedelta(minutes=10)  # of the authority's balance
LAMPORTS_A_SOL = 10**9


class Level(StrEnum):
    """How loudly: BAD stands still until a person acts."""

    BAD = "bad"
    WARN = "warn"


@dataclass(frozen=True)
class Concern:
    """One line of the home page. Only holders of `permission` see it."""

    level: Level
    text: str
    help: str
    link: str
    permission: str


Look = Callable[[datetime], Iterator[Concern]]


def upgrades_in_review(now: datetime) -> Iterator[Concern]:
    count = stuck_upgrades(now=now).filter(status=UpgradeStatus.NEEDS_REVIEW).count()
    if count:
        yield Concern(
            Level.BAD,
            _counted(count, "upgrade waits", "upgrades wait") + " for a decision",
            "An NFT is burned, and nothing proves by whom.",
            _list("nft_stuckupgrade", status__exact=UpgradeStatus.NEEDS_REVIEW),
            "nft.view_stuckupgrade",
        )


def upgrades_stuck(now: datetime) -> Iterator[Concern]:
    count = stuck_upgrades(now=now).exclude(status=UpgradeStatus.NEEDS_REVIEW).count()
    if count:
        yield Concern(
            Level.BAD,
            _counted(count, "upgrade is", "upgrades are") + " stuck",
            "The list says what each waits for, and what helps.",
            _list("nft_stuckupgrade"),
            "nft.view_stuckupgrade",
        )


def unlocks_stuck(now: datetime) -> Iterator[Concern]:
    count = stuck_unlocks(now=now).count()
    if count:
        yield Concern(
            Level.BAD,
            _counted(count, "first NFT is", "first NFTs are") + " minting for too long",
            "Look at the errors of their mint orders.",
            _list("nft_mintorder", status__exact="minting", purpose__exact="unlock"),
            "nft.view_mintorder",
        )


def authority(now: datetime) -> Iterator[Concern]:
    for row in AuthorityBalance.objects.filter(address=str(settings.MINT_AUTHORITY.pubkey())):
        place = (_list("nft_authoritybalance"), "nft.view_authoritybalance")
        if row.is_low:
            sol = f"{row.lamports / LAMPORTS_A_SOL:.4f} SOL"
            help_ = f"Top up {row.address}; unlocks and upgrades wait once it is empty."
            yield Concern(Level.BAD, f"The mint authority has only {sol}", help_, *place)
        if now - row.looked_at > LOOKED_AT_BOUND:
            text = "The mint authority's balance was not read for over ten minutes"
            yield Concern(Level.WARN, text, "See beat, workers and the node.", *place)


def troubled_holdings(_now: datetime) -> Iterator[Concern]:
    count = NftHolding.objects.exclude(trouble="").count()
    if count:
        yield Concern(
            Level.WARN,
            _counted(count, "NFT is", "NFTs are") + " where no transaction leads",
            "The chain and its history disagree.",
            _list("nft_nftholding", trouble__isempty=0),
            "nft.view_nftholding",
        )


def groups(now: datetime) -> Iterator[Concern]:
    """Consumer groups that were stopped, or are behind."""
    for status in group_statuses(names=group_names(), now=now):
        link, permission = _list("events_groupcursor"), "events.view_groupcursor"
        if status.stop_reason is not None:
            text, level = f"Group {status.name} is stopped", Level.BAD
            yield Concern(level, text, status.stop_reason, link, permission)
        elif _is_behind(status):
            text = f"Group {status.name} is {status.lag} events, {status.lag_seconds:.0f} s behind"
            help_ = "It has a reader." if status.is_led(now) else "Nobody reads for it."
            yield Concern(Level.WARN, text, help_, link, permission)


def _is_behind(status: GroupStatus) -> bool:
    return status.lag_seconds is not None and status.lag_seconds > LAG_BOUND.total_seconds()


def sequencer(now: datetime) -> Iterator[Concern]:
    count, seconds = unnumbered(now=now)
    if seconds > LAG_BOUND.total_seconds():
        text = _counted(count, "event waits", "events wait") + f" unnumbered, {seconds:.0f} s"
        help_ = "No sequencer runs: start the process “events”."
        yield Concern(Level.BAD, text, help_, _list("events_event"), "events.view_event")


def dead_letters(_now: datetime) -> Iterator[Concern]:
    count = DeadLetter.objects.waiting().count()
    if count:
        yield Concern(
            Level.BAD,
            _counted(count, "dead letter waits", "dead letters wait"),
            "Redrive them once the cause is mended, or discard them.",
            _list("events_deadletter", discarded_at__isempty=1),
            "events.view_deadletter",
        )


def open_replays(_now: datetime) -> Iterator[Concern]:
    count = ReplayOrder.objects.unfinished().count()
    if count:
        yield Concern(
            Level.WARN,
            _counted(count, "replay is", "replays are") + " under way",
            "Nothing to do unless it takes too long.",
            _list("events_replayorder"),
            "events.view_replayorder",
        )


def failing_channels(now: datetime) -> Iterator[Concern]:
    """Providers that do not answer, and what was given up today."""
    for provider in Provider.objects.filter(failures__gt=0, paused_until__gt=now):
        text = f"Messages to {provider.name} wait: it did not answer {provider.failures} times"
        help_ = "They go out by themselves once it answers."
        link, permission = _list("notifications_provider"), "notifications.view_provider"
        yield Concern(Level.WARN, text, help_, link, permission)
    dead = Delivery.objects.filter(
        status=DeliveryStatus.DEAD, created_at__gt=now - timedelta(days=1)
    )
    if count := dead.count():
        yield Concern(
            Level.WARN,
            _counted(count, "message was", "messages were") + " given up since yesterday",
            "The list says why; what can be mended is sent again from there.",
            _list("notifications_delivery", status__exact=DeliveryStatus.DEAD),
            "notifications.view_delivery",
        )


LOOKS: list[Look] = [
    upgrades_in_review,
    upgrades_stuck,
    unlocks_stuck,
    authority,
    dead_letters,
    sequencer,
    groups,
    failing_channels,
    troubled_holdings,
    open_replays,
]


def concerns(*, now: datetime) -> list[Concern]:
    """The loudest first."""
    found = [concern for look in LOOKS for concern in look(now)]
    return sorted(found, key=lambda concern: concern.level is not Level.BAD)


def _counted(count: int, one: str, many: str) -> str:
    return f"1 {one}" if count == 1 else f"{count} {many}"


def _list(name: str, **filters: str | int) -> str:
    return reverse(f"admin:{name}_changelist", query=filters or None)
