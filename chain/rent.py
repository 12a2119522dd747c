"""Who paid the rent of a token account: it goes back to them when the account is closed."""

from chain.client import SolanaClient
from chain.records import ConfirmedTransaction

MOST_READ = 20


async def rent_payer(chain: SolanaClient, *, account: str, mint: str) -> str | None:
    """The fee payer of the transaction that opened the token account, at `finalized`.

    None when it cannot be told: pruned, or under many later transactions.
    """
    history = await chain.signatures_for_address(account, down_to_slot=0)
    worked = [info.signature for info in history if info.error is None]
    for signature in worked[:MOST_READ]:  # newest first: it may have been closed and opened anew
        found = await chain.transaction(signature)
        if found is not None and _opens(found, account, mint):
            return found.account_keys[0].address
    return None


def _opens(transaction: ConfirmedTransaction, account: str, mint: str) -> bool:
    """Accounts of every amount are listed before and after, also those that hold nothing."""
    before = {balance.account for balance in transaction.pre_token_balances}
    after = {balance.account for balance in transaction.post_token_balances if balance.mint == mint}
    return account in after - before
