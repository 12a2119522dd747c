"""What needs a person now: each function of LOOKS looks at one thing.

An app that has something to say here adds a function; this app is above all of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from audit.models import Anchor, AnchorStatus, Pending
from events.groups import group_names
from events.models import DeadLetter, ReplayOrder
from events.status import GroupStatus, group_statuses, unnumbered
from nft.models import AuthorityBalance, NftHolding, Purpose, UpgradeStatus
from nft.services.stuck import stuck_unlocks, stuck_upgrades
from notifications.models import Delivery, DeliveryStatus, Provider

LAG_BOUND = timedelta(seconds=30)
LOOKED_AT_BOUND = timedelta(minutes=10)  # of the authority's balance
LATE_BOUND = timedelta(minutes=5)  # of a message
ANCHOR_BOUND = timedelta(hours=1)  # of a checkpoint


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


def rows(
    *,
    of: Callable[[datetime], QuerySet[Any]],
    said: tuple[str, str],
    help: str,
    model: str,
    level: Level = Level.BAD,
    **filters: str | int,
) -> Look:
    """A look that finds rows which should not be there: how many, and the list that shows them.

    `said` is what one is, and what several are; `filters` are the list's.
    """

    def look(now: datetime) -> Iterator[Concern]:
        if count := of(now).count():
            text = _counted(count, *said)
            yield Concern(level, text, help, _list(model, **filters), _view(model))

    return look


def authority(now: datetime) -> Iterator[Concern]:
    for row in AuthorityBalance.objects.filter(address=str(settings.MINT_AUTHORITY.pubkey())):
        place = (_list("nft_authoritybalance"), "nft.view_authoritybalance")
        if row.is_low:
            help_ = f"Top up {row.address}; unlocks and upgrades wait once it is empty."
            yield Concern(Level.BAD, f"The mint authority has only {row.sol} SOL", help_, *place)
        if now - row.looked_at > LOOKED_AT_BOUND:
            text = "The mint authority's balance was not read for over ten minutes"
            yield Concern(Level.WARN, text, "See beat, workers and the node.", *place)


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


def audit_log(now: datetime) -> Iterator[Concern]:
    """Changes that wait for their record, and signed roots that do not get onto the chain."""
    oldest = Pending.objects.order_by("id").first()
    if oldest is not None and now - oldest.noted_at > LAG_BOUND:
        text = f"The audit log is {_age(now - oldest.noted_at)} behind"
        help_ = "See that the process audit runs; nothing is lost, and it catches up by itself."
        yield Concern(Level.BAD, text, help_, _list("audit_pending"), "audit.view_pending")
    unsent = Anchor.objects.unfinished().first()
    if unsent is not None and now - unsent.created_at > ANCHOR_BOUND:
        text = f"No audit checkpoint is on the chain for {_age(now - unsent.created_at)}"
        help_ = "See that the node answers and that its payer has SOL."
        link = _list("audit_anchor", status__exact=AnchorStatus.WAITING)
        yield Concern(Level.WARN, text, help_, link, "audit.view_anchor")


def providers(now: datetime) -> Iterator[Concern]:
    """Channels that fail: who should take our mails and pushes does not answer."""
    for provider in Provider.objects.filter(failures__gt=0, paused_until__gt=now):
        text = f"Messages to {provider.name} wait: it did not answer {provider.failures} times"
        help_ = "They go out by themselves once it answers."
        link, permission = _list("notifications_provider"), "notifications.view_provider"
        yield Concern(Level.WARN, text, help_, link, permission)


LOOKS: list[Look] = [
    rows(
        of=lambda now: stuck_upgrades(now=now).filter(status=UpgradeStatus.NEEDS_REVIEW),
        said=("upgrade waits for a decision", "upgrades wait for a decision"),
        help="An NFT is burned, and nothing proves by whom.",
        model="nft_stuckupgrade",
        status__exact=UpgradeStatus.NEEDS_REVIEW,
    ),
    rows(
        of=lambda now: stuck_upgrades(now=now).exclude(status=UpgradeStatus.NEEDS_REVIEW),
        said=("upgrade is stuck", "upgrades are stuck"),
        help="The list says what each waits for, and what helps.",
        model="nft_stuckupgrade",
    ),
    rows(
        of=lambda now: stuck_unlocks(now=now),
        said=("first NFT is minting for too long", "first NFTs are minting for too long"),
        help="Look at the errors of their mint orders.",
        model="nft_mintorder",
        status__exact="minting",
        purpose__exact=Purpose.UNLOCK,
    ),
    authority,
    rows(
        of=lambda _: DeadLetter.objects.waiting(),
        said=("dead letter waits", "dead letters wait"),
        help="Redrive them once the cause is mended, or discard them.",
        model="events_deadletter",
        discarded_at__isempty=1,
    ),
    sequencer,
    groups,
    audit_log,
    providers,
    rows(
        of=lambda now: Delivery.objects.due(now=now - LATE_BOUND),
        said=("message should have gone out", "messages should have gone out"),
        help="They are due, and no worker takes them: see worker and beat.",
        model="notifications_delivery",
        level=Level.WARN,
        status__exact=DeliveryStatus.WAITING,
    ),
    rows(
        of=lambda now: Delivery.objects.filter(
            status=DeliveryStatus.DEAD, created_at__gt=now - timedelta(days=1)
        ),
        said=("message was given up since yesterday", "messages were given up since yesterday"),
        help="The list says why; what can be mended is sent again from there.",
        model="notifications_delivery",
        level=Level.WARN,
        status__exact=DeliveryStatus.DEAD,
    ),
    rows(
        of=lambda _: NftHolding.objects.exclude(trouble=""),
        said=("NFT is where no transaction leads", "NFTs are where no transaction leads"),
        help="The chain and its history disagree.",
        model="nft_nftholding",
        level=Level.WARN,
        trouble__isempty=0,
    ),
    rows(
        of=lambda _: ReplayOrder.objects.unfinished(),
        said=("replay is under way", "replays are under way"),
        help="Nothing to do unless it takes too long.",
        model="events_replayorder",
        level=Level.WARN,
    ),
]


def concerns(*, now: datetime) -> list[Concern]:
    """The loudest first."""
    found = [concern for look in LOOKS for concern in look(now)]
    return sorted(found, key=lambda concern: concern.level is not Level.BAD)


def _counted(count: int, one: str, many: str) -> str:
    return f"1 {one}" if count == 1 else f"{count} {many}"


def _age(wait: timedelta) -> str:
    seconds = int(wait.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"


def _view(model: str) -> str:
    """The permission to see what `app_model` holds."""
    return "{}.view_{}".format(*model.split("_", 1))


def _list(name: str, **filters: str | int) -> str:
    return reverse(f"admin:{name}_changelist", query=filters or None)
