"""What keeps promises when messages are lost: unfinished rows are driven on, for ever."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.models import User
from core.correlation import resume_correlation_id
from core.errors import Conflict
from core.jobs import enqueue
from nft import jobs
from nft.models import MintOrder, NftHolding, UpgradeRequest, UpgradeStatus
from nft.services.finding import find_upgrade

# The message that a row's own step has sent arrives first; ours is for those that were lost.
GRACE = timedelta(seconds=2)
BATCH = 500


def redrive_unfinished(*, now: datetime) -> int:
    """Ask for the next step of every row that should have had it by now; how many."""
    late = now - GRACE
    orders = MintOrder.objects.unfinished().due(now=now, since=late)
    requests = UpgradeRequest.objects.awaiting_proof().due(now=now, since=late)
    holdings = NftHolding.objects.followed().due(now=now, since=late)
    work = (
        (orders, jobs.MINT),
        (requests, jobs.CHECK_BURN),
        (holdings, jobs.FOLLOW_NFT),
    )
    found = 0
    for queryset, job in work:
        for row_id in queryset.order_by(F("next_run_at").asc(nulls_first=True)).values_list(
            "id", flat=True
        )[:BATCH]:
            enqueue(job, row_id)
            found += 1
    return found


def retry_mint(*, user: User, request_id: UUID, now: datetime) -> UpgradeRequest:
    """Move the next attempt of a failed mint forward to now.

    Raises NotFound, or Conflict when nothing has failed.
    """
    request = find_upgrade(user=user, request_id=request_id)
    if request.status == UpgradeStatus.MINTING:
        return request  # it is being tried already
    if request.status != UpgradeStatus.MINT_FAILED:
        raise Conflict("NOTHING_TO_RETRY", f"This upgrade is {request.status}; no mint has failed.")
    with transaction.atomic():
        order = MintOrder.objects.select_for_update().get(id=request.order_id)
        resume_correlation_id(order.correlation_id)
        order.hurry(now=now)
        enqueue(jobs.MINT, order.id)
    return request
