"""What an upgrade would do, as a quote that a member can carry to its start and hold us to."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Self

from django.core import signing

from chain.quotes import Fee
from core.errors import Conflict, InvalidInput
from nft.services.burn_planning import BurnPlan
from nft.terms import TierTerms

SALT = "nft.upgrade-quote"
VALID_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class UpgradeQuote:
    """Everything that a start fixes: what is promised, what it takes, what it costs whom."""

    user_id: str
    nft_id: str
    target_level: int
    tier_version: int
    tier_name: str
    benefits: dict[str, Any]
    badges: list[str]
    fee_lamports: int
    fee_payer: str
    token_account: str
    rent_to: str

    @classmethod
    def of(
        cls, *, user_id: object, nft_id: object, terms: TierTerms, plan: BurnPlan, fee: Fee
    ) -> Self:
        return cls(
            user_id=str(user_id),
            nft_id=str(nft_id),
            target_level=terms.level,
            tier_version=terms.version,
            tier_name=terms.name,
            benefits=terms.benefits,
            badges=terms.badges,
            fee_lamports=fee.lamports,
            fee_payer=fee.payer,
            token_account=plan.account or "",
            rent_to=plan.rent_to,
        )

    def sign(self, *, now: datetime) -> str:
        until = int((now + VALID_FOR).timestamp())
        return signing.dumps({**asdict(self), "until": until}, salt=SALT, compress=True)

    @classmethod
    def read(cls, text: str, *, now: datetime) -> Self:
        """Raises InvalidInput for what we did not sign, Conflict for what is too old."""
        try:
            stored: Mapping[str, Any] = signing.loads(text, salt=SALT)
        except signing.BadSignature:
            raise InvalidInput("INVALID_QUOTE", "This is not a quote of ours.") from None
        if stored["until"] < now.timestamp():
            raise Conflict("QUOTE_EXPIRED", "The quote is too old. Ask for a new preview.")
        return cls(**{field.name: stored[field.name] for field in fields(cls)})

    def require_same(self, now_true: "UpgradeQuote") -> None:
        """Raises Conflict QUOTE_CHANGED with every difference between this and `now_true`.

        A smaller fee than quoted is none.
        """
        quoted, actual = asdict(self), asdict(now_true)
        differences = [
            {"field": WIRE_NAMES[name], "quoted": quoted[name], "actual": actual[name]}
            for name in WIRE_NAMES
            if quoted[name] != actual[name] and not _is_cheaper(name, quoted, actual)
        ]
        if differences:
            raise Conflict(
                "QUOTE_CHANGED",
                "The upgrade would now do something else than was quoted.",
                details={"differences": differences},
            )


def _is_cheaper(name: str, quoted: Mapping[str, Any], actual: Mapping[str, Any]) -> bool:
    return name == "fee_lamports" and actual[name] < quoted[name]


WIRE_NAMES = {
    "user_id": "userId",
    "nft_id": "currentNftId",
    "target_level": "targetLevel",
    "tier_version": "tierVersion",
    "tier_name": "tierName",
    "benefits": "benefits",
    "badges": "badges",
    "fee_lamports": "feeLamports",
    "fee_payer": "feePayer",
    "token_account": "tokenAccount",
    "rent_to": "rentTo",
}
