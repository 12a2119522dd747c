"""Explaining an upgrade before it starts: the blockers, or exactly what it would do."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from chain.client import SolanaClient
from chain.errors import ChainRejected
from chain.quotes import Fee, accounts_of
from chain.records import Simulation
from core.errors import Conflict
from nft.chain_access import on_chain_for_caller
from nft.models import TierSupply, UserNft
from nft.models.supply import sold_out
from nft.services.burn_planning import (
    ANY_REQUEST,
    BurnFacts,
    BurnPlan,
    look_before_burn,
    not_held,
    plan_burn,
)
from nft.services.qualification import check_qualified
from nft.services.starting import find_nft, find_tier, refuse_if_not_upgradable
from nft.services.upgrade_quotes import UpgradeQuote
from nft.terms import TierTerms


@dataclass(frozen=True)
class TouchedAccount:
    address: str
    role: str
    is_signer: bool
    is_writable: bool


@dataclass(frozen=True)
class UpgradePreview:
    """`blockers` are `{code, message, …}`; with any of them there is no quote.

    `quote` is signed text for `POST /api/nft/upgrade`. Without the NFT in the wallet there
    is no burn to describe: `fee` and `simulation` are None.
    """

    nft: UserNft
    target_level: int
    blockers: list[dict[str, Any]]
    terms: TierTerms | None = None
    fee: Fee | None = None
    rent_to: str | None = None
    accounts: list[TouchedAccount] = field(default_factory=list)
    simulation: Simulation | None = None
    quote: str | None = None

    @property
    def eligible(self) -> bool:
        return not self.blockers


def preview_upgrade(
    *, user: User, nft_id: UUID, target_level: int, now: datetime
) -> UpgradePreview:
    """Changes nothing. Raises NotFound for an NFT that is not this user's, Unavailable without
    the chain."""
    nft = find_nft(user, nft_id)
    terms, blockers = _ask_rules(user, nft, target_level, now)
    facts = _look(user, nft)
    if facts is None or facts.account is None:
        return UpgradePreview(nft, target_level, [*blockers, _as_blocker(not_held())], terms)
    plan = plan_burn(
        user_id=user.id,
        wallet=user.wallet_address or "",
        mint=nft.mint_address,
        facts=facts,
        now=now,
    )
    fee = plan.fee(blockhash=facts.blockhash)
    simulation = _simulate(plan, facts)
    if simulation.error is not None:
        blockers.append({"code": "SIMULATION_FAILED", "message": _explain(simulation, fee)})
    quote = None
    if terms is not None and not blockers:
        made = UpgradeQuote.of(user_id=user.id, nft_id=nft.id, terms=terms, plan=plan, fee=fee)
        quote = made.sign(now=now)
    accounts = _accounts(plan, facts)
    return UpgradePreview(
        nft, target_level, blockers, terms, fee, plan.rent_to, accounts, simulation, quote
    )


def _ask_rules(
    user: User, nft: UserNft, level: int, now: datetime
) -> tuple[TierTerms | None, list[dict[str, Any]]]:
    """The same rules as a start asks, each of them, so that all reasons show at once."""
    blockers: list[dict[str, Any]] = []
    try:
        refuse_if_not_upgradable(nft, level)
    except Conflict as reason:
        blockers.append(_as_blocker(reason))
    try:
        tier = find_tier(level)
        if tier.supply_cap is not None and TierSupply.objects.taken_of(level) >= tier.supply_cap:
            blockers.append(_as_blocker(sold_out(level, tier.supply_cap)))
        return check_qualified(user=user, tier=tier, now=now), blockers
    except Conflict as reason:
        missing = reason.details.get("missing", [_as_blocker(reason)])
        known = {blocker["code"] for blocker in blockers}
        return None, blockers + [each for each in missing if each["code"] not in known]


def _as_blocker(reason: Conflict) -> dict[str, Any]:
    return {"code": reason.code, "message": reason.message, **reason.details}


def _look(user: User, nft: UserNft) -> BurnFacts | None:
    wallet, mint = user.wallet_address or "", nft.mint_address
    try:
        return on_chain_for_caller(lambda chain: look_before_burn(chain, wallet=wallet, mint=mint))
    except ChainRejected:
        return None  # the cluster does not even know the mint


def _simulate(plan: BurnPlan, facts: BurnFacts) -> Simulation:
    raw = plan.build(request_id=ANY_REQUEST, blockhash=facts.blockhash).raw

    async def run(chain: SolanaClient) -> Simulation:
        return await chain.simulate(raw)

    try:
        return on_chain_for_caller(run)
    except ChainRejected as refusal:  # the node would not even try
        return Simulation(error=refusal.code, units=0, logs=())


def _explain(simulation: Simulation, fee: Fee) -> str:
    if simulation.error in ("AccountNotFound", "InsufficientFundsForFee"):
        return f"{fee.payer} does not have the {fee.lamports} lamports that the burn costs."
    return f"The burn would fail on chain: {simulation.error}."


def _accounts(plan: BurnPlan, facts: BurnFacts) -> list[TouchedAccount]:
    """As the burn transaction lists them."""
    raw = plan.build(request_id=ANY_REQUEST, blockhash=facts.blockhash).raw
    roles = {
        plan.rent_to: "rent receiver",
        plan.mint: "mint",
        plan.account: "token account",
        plan.fee_payer: "fee payer",
        plan.wallet: "wallet",
    }
    return [
        TouchedAccount(str(key), roles.get(str(key), "program"), signs, writes)
        for key, signs, writes in accounts_of(raw)
    ]
