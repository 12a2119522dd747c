"""What must be so after every step, and at the end; each breach as a sentence."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from badges.models import BadgeStatus, EarnedBadge
from chain.records import MintAccount
from events.models import Event
from events.sequencer import number_batch
from nft.models import CLOSED, NftStatus, OrderStatus, UpgradeRequest, UpgradeStatus, UserNft
from nft.models.upgrade_states import AFTER_PROOF, OPEN
from tests.faults.network import truth
from tests.faults.network.holders import Holder
from tests.faults.network.node import LyingNode

S = UpgradeStatus
LONGEST_REST = timedelta(minutes=5, seconds=1)  # of a row that somebody waits for
ENDS = ("upgrade_completed", "upgrade_cancelled", "upgrade_expired")


@dataclass(frozen=True)
class Picture:
    """Rows and chain at one moment."""

    node: LyingNode
    now: datetime
    newest: dict[str, MintAccount]
    final: dict[str, MintAccount]
    requests: list[UpgradeRequest]
    held: dict[object, Counter[str]]  # statuses of the badges that each request holds or took
    events: list[Event]

    def told_of(self, request: UpgradeRequest) -> list[str]:
        """Types of the events that name this request, in order."""
        name = str(request.id)
        return [
            event.type
            for event in self.events
            if event.audience != "internal" and event.data.get("upgradeRequestId") == name
        ]


def take_picture(node: LyingNode, now: datetime) -> Picture:
    held: dict[object, Counter[str]] = {}
    for request_id, status in EarnedBadge.objects.values_list("reserved_for", "status"):
        held.setdefault(request_id, Counter())[status] += 1
    requests = UpgradeRequest.objects.select_related("current_nft", "new_nft", "order")
    newest, final = truth.mints(node)
    return Picture(node, now, newest, final, list(requests), held, _numbered_events())


def _numbered_events() -> list[Event]:
    events = list(Event.objects.order_by("id"))
    if any(event.position is None for event in events):
        number_batch()
        events = list(Event.objects.order_by("id"))
    return events


def breaches(node: LyingNode, holders: Iterable[Holder], now: datetime) -> list[str]:
    picture = take_picture(node, now)
    found = [*_of_places(picture), *_of_nfts(picture), *_of_sequences(picture)]
    for request in picture.requests:
        checks = (_of_mints(picture, request), _of_proof(picture, request),
                  _of_ways(picture, request), _of_badges(picture, request),
                  _of_events(picture, request))  # fmt: skip
        for check in checks:
            found += [f"{request.id} ({request.status}): {breach}" for breach in check]
    return found + list(_of_issued_burns(picture, holders))


def _of_places(picture: Picture) -> Iterator[str]:
    held = [
        request for request in picture.requests if request.status in OPEN and not request.is_late
    ]
    for what, field in (("member", "user_id"), ("NFT", "current_nft_id")):
        counts = Counter(getattr(request, field) for request in held)
        yield from (f"{n} open requests of one {what}" for n in counts.values() if n > 1)


def _of_nfts(picture: Picture) -> Iterator[str]:
    for nft in UserNft.objects.exclude(status=NftStatus.MINTING):
        signature = nft.transaction_signature or ""
        if nft.mint_address not in picture.final:
            yield f"NFT {nft.mint_address} is {nft.status} and not minted for good"
        elif not truth.mentions(picture.node, signature, nft.mint_address):
            yield f"NFT {nft.mint_address}: {signature[:12]} did not mint it"
        if nft.status == NftStatus.BURNED and picture.final[nft.mint_address].supply:
            yield f"NFT {nft.mint_address} counts as burned and is not"


def _of_mints(picture: Picture, request: UpgradeRequest) -> Iterator[str]:
    made = truth.of_issue(picture.newest, request.id)
    if len(made) > 1 or sum(mint.supply for mint in made) > 1:
        yield f"minted {len(made)} times"
    if made and request.status not in AFTER_PROOF:
        yield "minted before the proof"
    if request.status == S.COMPLETED:
        address = request.new_nft.mint_address if request.new_nft else ""
        final = picture.final.get(address)
        if final is None or final.issue != request.id or final.mint_authority is not None:
            yield "completed without its final mint"
    if (request.status == S.COMPLETED) != (request.order.status == OrderStatus.MINTED):
        yield f"its order is {request.order.status}"


def _of_proof(picture: Picture, request: UpgradeRequest) -> Iterator[str]:
    if request.status not in AFTER_PROOF:
        return
    burn = truth.transaction(picture.node, request.burn_signature or "")
    if burn is None or burn.failed or not burn.is_final:
        yield "its burn is not on the chain for good"
    old = picture.final.get(request.current_nft.mint_address)
    if old is None or old.supply or request.current_nft.status != NftStatus.BURNED:
        yield "its old NFT lives"


def _of_ways(picture: Picture, request: UpgradeRequest) -> Iterator[str]:
    """Whoever burned is never without a next step to the new NFT."""
    if request.status in (S.MINTING, S.MINT_FAILED):
        if request.order.status != OrderStatus.MINTING:
            yield "nobody mints for it"
        yield from _of_rest(request.order.next_run_at, picture.now)
    old = picture.final.get(request.current_nft.mint_address)
    is_open = request.status not in (*AFTER_PROOF, *CLOSED)
    if is_open and old is not None and not old.supply:
        if not request.watch_burn:
            yield "nobody looks for its burn"
        yield from _of_rest(request.next_run_at, picture.now)


def _of_rest(next_run_at: datetime | None, now: datetime) -> Iterator[str]:
    if next_run_at is not None and next_run_at - now > LONGEST_REST:
        yield f"rests for {next_run_at - now}"


def _of_badges(picture: Picture, request: UpgradeRequest) -> Iterator[str]:
    held = picture.held.get(request.id, Counter())
    due = 0 if request.waived_badges else len(request.terms["badges"])
    expected = Counter[str]()
    if request.status == S.COMPLETED:
        expected[BadgeStatus.CONSUMED] = due
    elif request.status not in CLOSED:
        expected[BadgeStatus.RESERVED] = due
    if held != +expected:
        yield f"holds {dict(held)} instead of {dict(expected)}"


def _of_events(picture: Picture, request: UpgradeRequest) -> Iterator[str]:
    types = picture.told_of(request)
    ends = [kind for kind in types if kind in ENDS]
    if ends.count("upgrade_completed") != (request.status == S.COMPLETED):
        yield f"tells of {ends}"
    if (len(ends) - ends.count("upgrade_completed")) != (
        request.status in CLOSED or request.is_late
    ):
        yield f"tells of {ends}, late: {request.is_late}"
    if types.count("burn_confirmed") != (request.status in AFTER_PROOF):
        yield f"{types.count('burn_confirmed')} times burn_confirmed"
    if "upgrade_completed" in types and types[-1] != "upgrade_completed":
        yield f"{types[-1]} after the end"


def _of_sequences(picture: Picture) -> Iterator[str]:
    given: dict[object, list[int | None]] = {}
    for event in picture.events:
        if event.audience == "user":
            given.setdefault(event.user_id, []).append(event.sequence)
    for user, numbers in given.items():
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"sequences of {user}: {numbers}"


def _of_issued_burns(picture: Picture, holders: Iterable[Holder]) -> Iterator[str]:
    """No burn that we issued may land for a request that we closed."""
    closed = {request.id for request in picture.requests if request.status in CLOSED}
    for holder in holders:
        for burn in holder.burns:
            if burn.issued and burn.request_id in closed:
                landed = truth.transaction(picture.node, burn.signature)
                if landed is not None and not landed.failed:
                    yield f"{burn.request_id} was closed over a burn that we issued"


def final_breaches(node: LyingNode, holders: Iterable[Holder], now: datetime) -> list[str]:
    """After all faults are over and everybody has done their work."""
    return [*breaches(node, holders, now), *unfinished(), *broken_promises(node, holders)]


def unfinished() -> list[str]:
    rows = UpgradeRequest.objects.exclude(status__in=(S.COMPLETED, *CLOSED))
    return [f"{row.id} is still {row.status} {row.error_code}" for row in rows] + [
        f"NFT {nft.mint_address} is still minting"
        for nft in UserNft.objects.filter(status=NftStatus.MINTING)
    ]


def broken_promises(node: LyingNode, holders: Iterable[Holder]) -> list[str]:
    """Each burn that stayed on the chain has exactly one new NFT, minted to the wallet."""
    return [
        f"the burn {signature[:12]} of {mint} made {made} new NFTs"
        for holder in holders
        for signature, mint in holder.promised.items()
        if _is_burned_by(node, signature) and (made := _made_from(mint)) != 1
    ]


def _is_burned_by(node: LyingNode, signature: str) -> bool:
    landed = truth.transaction(node, signature)
    return landed is not None and not landed.failed


def _made_from(mint: str) -> int:
    made = UpgradeRequest.objects.filter(current_nft__mint_address=mint, status=S.COMPLETED)
    return made.count()
