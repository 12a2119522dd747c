"""What other apps' events, and our own, mean for what members earn."""

from collections.abc import Sequence
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from events.groups import ConsumerGroup
from events.models import Event
from nft.services.earning import follow_members, sweep_soon

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
