"""Erasing a person from every part of the platform, in an order that a crash cannot spoil."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from accounts.models import User
from accounts.services.leaving import close_account
from audit.services.erasing import demand_not_held, erase_person
from audit.working import because
from core.errors import Conflict, InvalidInput
from nft.models import OPEN, UpgradeRequest, UserNft
from nft.models.nfts import HELD, NftStatus
from notifications.services.erasing import erase_member


@dataclass(frozen=True)
class Erased:
    """`wallet_is_kept`: it holds one of our NFTs, and by it we follow where that goes."""

    notifications: int
    records: int
    wallet_is_kept: bool


def erase_everywhere(*, user_id: UUID, reason: str, now: datetime) -> Erased:
    """The account, what they were told, and what the audit log says of them; may be run again.

    `reason` stays for ever, so it must not name them. Raises NotFound, InvalidInput without a
    reason; Conflict for staff, under a legal hold, and while something of theirs is being minted.
    """
    if not reason.strip():
        raise InvalidInput("REASON_MISSING", "Say why: it is recorded. Do not name the person.")
    demand_not_held(user_id=user_id)
    with transaction.atomic(), because(reason):
        _demand_nothing_under_way(user_id)
        holds = UserNft.objects.of_user(user_id).filter(status__in=HELD).exists()
        close_account(user_id=user_id, keep_wallet=holds, now=now)
        _forget_their_name(user_id)
        notifications = erase_member(user_id=user_id, now=now)
    # Last, because the steps before leave records too.
    records = erase_person(user_id=user_id, reason=reason)
    return Erased(notifications, records, holds)


def _forget_their_name(user_id: UUID) -> None:
    """The log of actions keeps how somebody was called, which is their wallet."""
    about = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User))
    about.filter(object_id=str(user_id)).update(object_repr=f"user {user_id}")


def _demand_nothing_under_way(user_id: UUID) -> None:
    User.objects.select_for_update().filter(id=user_id).first()  # nothing new begins meanwhile
    is_upgrading = UpgradeRequest.objects.of_user(user_id).filter(status__in=OPEN).exists()
    minting = UserNft.objects.of_user(user_id).filter(status=NftStatus.MINTING)
    if is_upgrading or minting.exists():
        raise Conflict("UNDER_WAY", "An upgrade or a first NFT of theirs is still under way.")
