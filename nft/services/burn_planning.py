"""Which burn transaction we would build: from where, at whose cost, and who gets the rent."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from chain.client import SolanaClient
from chain.nft import build_burn, burn_memo
from chain.quotes import Fee, fee_of
from chain.records import Blockhash, UnsignedTransaction
from core.errors import Conflict
from nft.chain_access import payer
from nft.services.sponsoring import can_sponsor, sponsored_rent_payer

ANY_REQUEST = UUID(int=0)  # every request's memo has the same length, so the fee is the same


@dataclass(frozen=True)
class BurnFacts:
    """What the chain said. The NFT lies in `account`; None when the wallet does not hold it.

    `rent_payer` opened that account; empty when we do not pay for this burn.
    """

    blockhash: Blockhash
    account: str | None
    rent_payer: str


@dataclass(frozen=True)
class BurnPlan:
    """`fee_payer` is the wallet itself, or we."""

    wallet: str
    mint: str
    account: str | None
    fee_payer: str
    rent_to: str

    def build(self, *, request_id: UUID, blockhash: Blockhash) -> UnsignedTransaction:
        """Memo (it names the request), burn and close; unsigned."""
        return build_burn(
            wallet=self.wallet,
            mint=self.mint,
            memo=burn_memo(request_id),
            blockhash=blockhash,
            fee_payer=self.fee_payer,
            token_account=self.account,
            rent_to=self.rent_to,
        )

    def fee(self, *, blockhash: Blockhash) -> Fee:
        return fee_of(self.build(request_id=ANY_REQUEST, blockhash=blockhash).raw)


async def look_before_burn(chain: SolanaClient, *, wallet: str, mint: str) -> BurnFacts:
    """Raises ChainUnavailable, or ChainRejected for a mint that the cluster does not know."""
    blockhash = await chain.latest_blockhash()
    account = await chain.token_account(wallet, mint)
    rent_to = await sponsored_rent_payer(chain, account=account, mint=mint)
    return BurnFacts(blockhash, account, rent_to)


def not_held() -> Conflict:
    return Conflict("NFT_NOT_IN_WALLET", "Your wallet does not hold this NFT on chain.")


def plan_burn(
    *, user_id: UUID, wallet: str, mint: str, facts: BurnFacts, now: datetime
) -> BurnPlan:
    """At our cost where sponsoring is on and today's budgets have room, else at the member's."""
    own = BurnPlan(wallet, mint, facts.account, fee_payer=wallet, rent_to=wallet)
    if not facts.rent_payer:
        return own
    ours = replace(own, fee_payer=str(payer().pubkey()), rent_to=facts.rent_payer)
    lamports = ours.fee(blockhash=facts.blockhash).lamports
    return ours if can_sponsor(user_id=user_id, lamports=lamports, now=now) else own
