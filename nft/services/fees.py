"""What a transaction that we pay for may use and cost."""

from django.conf import settings

from chain.client import SolanaClient
from chain.errors import from_transaction_error
from chain.fees import ComputeBudget, choose_budget


async def look_up_budget(
    chain: SolanaClient, draft: bytes, *, writable: list[str], attempt: int = 0
) -> ComputeBudget:
    """By simulating `draft`, which nobody needs to have signed, and by what others paid lately to
    write the same accounts. Raises ChainError, also when the transaction would fail."""
    simulation = await chain.simulate(draft)
    if simulation.error is not None:
        raise from_transaction_error(simulation.error)
    prices = await chain.recent_priority_fees(writable)
    return choose_budget(
        used_units=simulation.units,
        recent_prices=prices,
        percentile=settings.PRIORITY_FEE_PERCENTILE,
        cap_lamports=settings.PRIORITY_FEE_CAP_LAMPORTS,
        attempt=attempt,
    )
