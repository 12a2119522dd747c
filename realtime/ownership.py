"""Whose upgrade is it?"""

from uuid import UUID

from nft.models import UpgradeRequest


def owns_upgrade(*, user_id: UUID, upgrade_id: UUID) -> bool:
    return UpgradeRequest.objects.filter(id=upgrade_id, user_id=user_id).exists()
