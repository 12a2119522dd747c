"""A member with a wallet, who uses the public API and tries again when nobody answers."""

from dataclasses import dataclass, field
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from solders.keypair import Keypair
from solders.message import to_bytes_versioned
from solders.transaction import VersionedTransaction

from accounts.models import User
from accounts.services import get_or_create_user
from accounts.services.sessions import open_login_session
from badges.services import activate_badge, award_badge
from nft.models import Tier
from proof.node import Node
from trading.intake import NewTrade
from trading.services import record_trades

SOL = 10**9


@dataclass
class Member:
    key: Keypair
    user: User
    headers: dict[str, str] = field(repr=False)

    @property
    def wallet(self) -> str:
        return str(self.key.pubkey())

    def sign(self, unsigned: bytes) -> bytes:
        message = VersionedTransaction.from_bytes(unsigned).message
        signature = self.key.sign_message(to_bytes_versioned(message))
        return bytes(VersionedTransaction.populate(message, [signature]))


def new_member(node: Node) -> Member:
    """Signed in, with lamports, qualified for the first tier."""
    key = Keypair()
    node.call("requestAirdrop", str(key.pubkey()), SOL)
    user = get_or_create_user(wallet_address=str(key.pubkey()))
    with transaction.atomic():
        _, tokens = open_login_session(user=user, now=timezone.now())
    qualify(user, level=1)
    return Member(key, user, {"Authorization": f"Bearer {tokens.access}"})


def qualify(user: User, *, level: int) -> None:
    """The volume and the activated badges that a level asks for, as services give them."""
    tier, now = Tier.objects.get(level=level), timezone.now()
    trade = NewTrade(
        trade_id=str(uuid4()),
        wallet_address=user.wallet_address or "",
        volume_usd=tier.required_volume,
        executed_at=now,
    )
    record_trades(trades=[trade], now=now, source="proof")
    for slug in tier.badge_slugs():
        badge = award_badge(user=user, slug=slug, now=now, source="proof")
        activate_badge(user=user, badge_id=badge.id, now=now)
