"""The consumer group `benefits`: what happened to an NFT is forgotten from the cache."""

from collections.abc import Sequence

from accounts.models import User
from events.groups import ConsumerGroup, Replay
from events.models import Event
from nft.services.membership import forget_memberships

TYPES = frozenset({"nft_unlocked", "nft_upgraded", "nft_burned", "nft_transferred"})


def forget_benefits(events: Sequence[Event]) -> None:
    """Of every wallet that an event concerns. Raises RedisError, and then they come again."""
    members = {event.user_id for event in events if event.user_id is not None}
    wallets = set(User.objects.filter(id__in=members).values_list("wallet_address", flat=True))
    for event in events:
        wallets |= {event.data.get("fromWallet"), event.data.get("toWallet")}
    forget_memberships(wallet for wallet in wallets if wallet)


def forget_again(events: Sequence[Event], _replay: Replay) -> None:
    forget_benefits(events)


GROUP = ConsumerGroup(
    name="benefits",
    handle=forget_benefits,
    transactional=False,
    types=TYPES,
    replay=forget_again,
)
