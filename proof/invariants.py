"""What must be true once the system was left alone, on chain and in the database."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from badges.models import BadgeStatus, EarnedBadge
from chain.records import MintAccount
from core.redis import redis_client
from events.models import DeadLetter, Event, GroupCursor
from nft.locks import ABANDONED_AFTER_SECONDS, SECONDS
from nft.models import MintOrder, NftStatus, UpgradeRequest, UserNft
from proof.effects import GROUP
from proof.member import Member
from proof.node import Node

ORDER = ("upgrade_initiated", "nft_burned", "burn_confirmed", "nft_minted", "badge_consumed",
         "nft_upgraded", "upgrade_completed")  # fmt: skip
CLOSING = {"cancelled": "upgrade_cancelled", "expired": "upgrade_expired"}


@dataclass(frozen=True)
class Ending:
    """How a scenario has to end. `is_late`: after the request was closed, its badges waived."""

    status: str
    is_late: bool = False

    @property
    def terminal(self) -> list[str]:
        if self.status == "unlock minted":
            return ["nft_unlocked"]
        closed = [CLOSING[self.status]] if self.status in CLOSING else []
        late = ["upgrade_cancelled"] if self.is_late else []
        return [*closed, *late, *(["upgrade_completed"] if self.status == "completed" else [])]


def breaches(member: Member, node: Node, ending: Ending) -> Iterator[str]:
    """Everything that is not as promised (yet): wait until nothing is left."""
    requests = list(UpgradeRequest.objects.of_user(member.user.id).select_related("order"))
    yield from _ends(member, requests, ending)
    yield from _leftovers(member)
    yield from _log()
    yield from _badges(member, requests, ending)
    yield from _events(member, ending)
    yield from _nfts(member, node, requests, ending)


def _ends(member: Member, requests: Sequence[UpgradeRequest], ending: Ending) -> Iterator[str]:
    if ending.status == "unlock minted":
        if requests or MintOrder.objects.filter(user_id=member.user.id).count() != 1:
            yield "There is not exactly one order for the first NFT."
        return
    if [request.status for request in requests] != [ending.status]:
        found = ", ".join(request.status for request in requests) or "none"
        yield f"Of this member's requests exactly one is to be {ending.status}; they are: {found}."
    for request in requests:
        steps = list(request.history.values_list("from_status", "to_status"))
        if [to for _, to in steps[:-1]] != [before for before, _ in steps[1:]]:
            yield "The history of the request has a gap or a repeat."


def _nfts(
    member: Member, node: Node, requests: Sequence[UpgradeRequest], ending: Ending
) -> Iterator[str]:
    nfts = list(UserNft.objects.of_user(member.user.id).order_by("id"))
    live, burned = nfts[-1:], nfts[:-1]
    if len(nfts) != (2 if ending.status == "completed" else 1):
        yield f"The member has {len(nfts)} NFT rows."
    for nft in live:
        issue = requests[0].id if ending.status == "completed" and requests else nft.id
        yield from _one(node, nft, status=NftStatus.ACTIVE, supply=1)
        account = node.mint(nft.mint_address)
        if isinstance(account, MintAccount) and account.issue != issue:
            yield f"The NFT on chain names {account.issue}, not what it was made for."
    for nft in burned:
        yield from _one(node, nft, status=NftStatus.BURNED, supply=0)
    held = sorted(node.held_by(member.wallet))
    if held != sorted(nft.mint_address for nft in live):
        yield f"The wallet holds {len(held)} NFTs, or not the one of the database."


def _one(node: Node, nft: UserNft, *, status: str, supply: int) -> Iterator[str]:
    if nft.status != status:
        yield f"An NFT is {nft.status} and not {status}."
    account = node.mint(nft.mint_address)
    found = account.supply if isinstance(account, MintAccount) else None
    if found != supply:
        yield f"A mint that is {status} has the supply {found} on chain."
    if nft.transaction_signature and not node.is_final(nft.transaction_signature):
        yield "The signature in an NFT's row is not that of a final transaction."


def _badges(member: Member, requests: Sequence[UpgradeRequest], ending: Ending) -> Iterator[str]:
    used = ending.status == "completed" and not ending.is_late
    due = set(requests[0].terms["badges"]) if requests else set()
    for badge in EarnedBadge.objects.of_user(member.user.id):
        slug = badge.definition.slug
        is_to_be_used = slug not in due or used
        expected = BadgeStatus.CONSUMED if is_to_be_used else BadgeStatus.ACTIVATED
        if badge.status != expected:
            yield f"The badge {slug} is {badge.status} and not {expected}."
    waived = sorted(requests[0].waived_badges) if requests else []
    if waived != (sorted(due) if ending.is_late else []):
        yield f"Waived badges are {waived}."


def _events(member: Member, ending: Ending) -> Iterator[str]:
    rows = Event.objects.filter(user_id=member.user.id)
    if rows.filter(position__isnull=True).exists():
        yield "There are events without a place."
    feed = list(rows.filter(audience="user").order_by("sequence").values_list("sequence", "type"))
    if [sequence for sequence, _ in feed] != list(range(1, len(feed) + 1)):
        yield "The member's sequence has a gap or a repeat."
    counts = Counter(kind for _, kind in feed)
    ends = {"nft_unlocked", "upgrade_completed", "upgrade_cancelled", "upgrade_expired"}
    told = {kind: counts[kind] for kind in ends if counts[kind]}
    first = {} if ending.status == "unlock minted" else {"nft_unlocked": 1}
    if told != first | dict.fromkeys(ending.terminal, 1):
        yield f"Endings were told as {told}."
    consumed = EarnedBadge.objects.of_user(member.user.id).filter(status=BadgeStatus.CONSUMED)
    if counts["badge_consumed"] != consumed.count():
        yield f"{counts['badge_consumed']} times a badge was told to be consumed."
    yield from _order(member)


def _order(member: Member) -> Iterator[str]:
    mine = Event.objects.filter(user_id=member.user.id, type__in=ORDER, position__isnull=False)
    mine = mine.exclude(data__upgradeRequestId=None).order_by("position")
    kinds = list(mine.values_list("type", flat=True))
    if kinds != sorted(kinds, key=ORDER.index):
        yield f"The events of the upgrade came in the order {kinds}."
    if len(kinds) - kinds.count("badge_consumed") != len(set(kinds) - {"badge_consumed"}):
        yield f"An event of the upgrade came twice: {kinds}."


def _log() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), max(position), count(position) FROM events_event")
        count, head, numbered = cursor.fetchone()
        cursor.execute("SELECT count(*), count(DISTINCT event_id) FROM proof_effect")
        effects, different = cursor.fetchone()
    if not count == numbered == (head or 0):
        yield f"Of {count} events {numbered} are numbered, up to {head}."
    if not effects == different == count:
        yield f"{count} events had {effects} effects, on {different} of them."
    behind = GroupCursor.objects.filter(name__in=[GROUP, "realtime"]).exclude(position=head or 0)
    if behind.exists():
        yield "A consumer group has not come to the end of the log."
    if DeadLetter.objects.exists():
        yield "There is a dead letter."


def _leftovers(member: Member) -> Iterator[str]:
    claims = [
        *UpgradeRequest.objects.of_user(member.user.id).exclude(claimed_by=None),
        *MintOrder.objects.filter(user_id=member.user.id).exclude(claimed_by=None),
    ]
    if claims:
        yield f"{len(claims)} claims are left."
    rest = int(redis_client().ttl(f"upgrade_lock:{member.user.id}"))
    if rest > SECONDS - ABANDONED_AFTER_SECONDS:
        yield "A lock is left in Redis that would refuse the member."
