"""Looking up a member's own rows; what is not theirs does not exist for them."""

from uuid import UUID

from accounts.models import User
from core.errors import NotFound
from nft.models import UpgradeRequest


def find_upgrade(*, user: User, request_id: UUID) -> UpgradeRequest:
    """Raises NotFound for an unknown request and for someone else's alike."""
    request = (
        UpgradeRequest.objects.of_user(user.id)
        .select_related("current_nft", "order")
        .filter(id=request_id)
        .first()
    )
    if request is None:
        raise NotFound("UPGRADE_NOT_FOUND", "You have no such upgrade.")
    return request
