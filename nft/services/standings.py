"""What members have, read from the rows in one statement: so it was at one moment."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import JSONObject

from accounts.models import User
from badges.models import EarnedBadge
from nft.models import UpgradeRequest, UserNft
from nft.models.nfts import HELD
from nft.services.judging import Standing
from trading.models import UserVolume


def standings_of(user_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """By user id. Read one after the other, the rows could show a state that never was."""
    mine = {"user_id": OuterRef("pk")}
    badges = EarnedBadge.objects.filter(**mine)
    nfts = UserNft.objects.filter(**mine)
    rows = User.objects.filter(id__in=user_ids).values_list(
        "id",
        Subquery(UserVolume.objects.filter(**mine).values("total")),
        ArraySubquery(badges.values(badge=JSONObject(slug="definition__slug", status="status"))),
        ArraySubquery(nfts.values(nft=JSONObject(level="tier_level", status="status"))),
        Subquery(UpgradeRequest.objects.open().filter(**mine).values("target_level")[:1]),
        Exists(UserNft.objects.unlocked_by(OuterRef("pk"))),
    )
    return {user_id: _standing(*facts) for user_id, *facts in rows}


def _standing(
    volume: Decimal | None,
    badges: list[dict[str, str]],
    nfts: list[dict[str, Any]],
    open_level: int | None,
    has_unlocked: bool,
) -> Standing:
    held = [nft["level"] for nft in nfts if nft["status"] in HELD]
    return Standing(
        volume=volume or Decimal(0),
        badges={badge["slug"]: badge["status"] for badge in badges},
        owned_level=max(held, default=None),
        has_unlocked=has_unlocked,
        open_level=open_level,
    )
