"""What other apps' events, and our own, mean for what members earn and have."""

from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from events.groups import ConsumerGroup, Replay
from events.models import Event
from nft.services.earning import follow_members, sweep_soon
from nft.services.membership import forget_memberships

FOR_EVERYBODY = "tier_changed"
OF_A_MEMBER = frozenset(
    {
        "volume_changed",
        "badge_earned",
        "badge_activated",
        "badge_consumed",
        "badge_revoked",
        "upgrade_initiated",
        "upgrade_status_changed",
        "nft_unlock_ordered",
        "nft_unlocked",
        "nft_upgraded",
        "nft_burned",
        "nft_transferred",
    }
)


def follow_earning(events: Sequence[Event]) -> None:
    follow_members(user_ids=_members(events), now=timezone.now())
    if any(event.type == FOR_EVERYBODY for event in events):
        sweep_soon()


def _members(events: Sequence[Event]) -> set[UUID]:
    """Whom the events name, both sides of a transfer."""
    wallets = {event.data.get("toWallet") for event in events if event.type == "nft_transferred"}
    named = {event.user_id for event in events if event.type in OF_A_MEMBER and event.user_id}
    if wallets:
        named |= set(User.objects.filter(wallet_address__in=wallets).values_list("id", flat=True))
    return named


EARNING = ConsumerGroup(
    "earning",
    follow_earning,
    transactional=True,
    types=OF_A_MEMBER | {FOR_EVERYBODY},
    batch_size=200,  # one that awards something to everybody is still quick
)

OF_AN_NFT = frozenset({"nft_unlocked", "nft_upgraded", "nft_burned", "nft_transferred"})


def forget_benefits(events: Sequence[Event]) -> None:
    """Of every wallet that an event concerns. Raises RedisError, and then they come again."""
    members = {event.user_id for event in events if event.user_id is not None}
    wallets = set(User.objects.filter(id__in=members).values_list("wallet_address", flat=True))
    for event in events:
        wallets |= {event.data.get("fromWallet"), event.data.get("toWallet")}
    forget_memberships(wallet for wallet in wallets if wallet)


def forget_again(events: Sequence[Event], _replay: Replay) -> None:
    forget_benefits(events)


BENEFITS = ConsumerGroup(
    "benefits",
    forget_benefits,
    transactional=False,
    types=OF_AN_NFT,
    replay=forget_again,
)
