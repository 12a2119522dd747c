"""What a transaction that we pay for may use and cost."""

from django.conf import settings

from chain.client import SolanaClient
from chain.fees import ComputeBudget, choose_budget


async def look_up_budget(
    chain: SolanaClient, draft: bytes, *, writable: list[str], attempt: int = 0
) -> ComputeBudget:
    """By simulating `draft`, which nobody needs to have signed, and by what others paid lately to
    write the same accounts. Raises ChainError, also when the transaction would fail."""
    used = await chain.simulate(draft)
    prices = await chain.recent_priority_fees(writable)
    return choose_budget(
        used_units=used,
        recent_prices=prices,
        percentile=settings.PRIORITY_FEE_PERCENTILE,
        cap_lamports=settings.PRIORITY_FEE_CAP_LAMPORTS,
        attempt=attempt,
    )
