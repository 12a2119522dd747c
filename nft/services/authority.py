"""The account that pays for mints: how much it still has."""

import logging
from datetime import datetime

from django.conf import settings
from django.db import transaction

from chain.client import SolanaClient
from chain.errors import ChainError
from events.services import publish
from nft.chain_access import on_chain, payer, require_our_cluster
from nft.events import AuthorityBalanceLow
from nft.models import AuthorityBalance

logger = logging.getLogger(__name__)


def watch_authority_balance(*, now: datetime) -> None:
    """One look; a chain that does not answer is asked again at the next."""
    address = str(payer().pubkey())

    async def look(chain: SolanaClient) -> int:
        await require_our_cluster(chain)
        return await chain.balance(address)

    try:
        lamports = on_chain(look)
    except ChainError as error:
        logger.warning("The authority's balance is not known: %s", error)
        return
    record_balance(address=address, lamports=lamports, now=now)


@transaction.atomic(durable=True)
def record_balance(*, address: str, lamports: int, now: datetime) -> None:
    """Keep it; when it has just fallen below `AUTHORITY_BALANCE_LOW_LAMPORTS`, tell."""
    threshold = settings.AUTHORITY_BALANCE_LOW_LAMPORTS
    seen = {"lamports": lamports, "threshold_lamports": threshold, "looked_at": now}
    rows = AuthorityBalance.objects.select_for_update()
    row, _ = rows.get_or_create(address=address, defaults={**seen, "is_low": False})
    if row.looked_at > now:
        return  # a look that began later was recorded first
    was_low, is_low = row.is_low, lamports < threshold
    rows.filter(address=address).update(**seen, is_low=is_low)
    if is_low and not was_low:
        publish(AuthorityBalanceLow(balance_lamports=lamports, threshold_lamports=threshold))
