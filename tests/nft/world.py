"""A member, a real chain whose slots move only when told, and a clock of its own.

`World.work()` does what the workers would: the next step of every row that is due.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from solders.hash import Hash
from solders.instruction import Instruction
from solders.keypair import Keypair
from solders.message import Message, to_bytes_versioned
from solders.transaction import VersionedTransaction

from accounts.models import User
from chain.localnet.process import LocalnetProcess
from chain.records import MintAccount, UnsignedTransaction
from chain.signers import Signer
from events.models import Event
from nft.chain_access import on_chain, payer
from nft.models import MintOrder, UpgradeRequest, UserNft
from nft.services.minting import advance_mint
from nft.services.proving import check_burn
from nft.services.starting import start_upgrade
from nft.services.unlocking import unlock_nft
from tests.nft.conftest import make_user, qualify

SOL = 1_000_000_000
FINALITY = 33  # slots until a transaction is finalized, and one more


@dataclass
class Member:
    """A user whose key we hold."""

    key: Keypair
    user: User

    @property
    def wallet(self) -> str:
        return str(self.key.pubkey())

    def sign(self, unsigned: bytes) -> bytes:
        """Add this wallet's signature, as a wallet does."""
        transaction = VersionedTransaction.from_bytes(unsigned)
        signatures = list(transaction.signatures)
        position = transaction.message.account_keys.index(self.key.pubkey())
        signatures[position] = self.key.sign_message(to_bytes_versioned(transaction.message))
        return bytes(VersionedTransaction.populate(transaction.message, signatures))


class World:
    def __init__(self, chain: LocalnetProcess) -> None:
        self.chain = chain
        self.now: datetime = timezone.now()
        chain.airdrop(str(payer().pubkey()), 100 * SOL)
        chain.tick(FINALITY)

    def new_member(self, *, level: int | None = None) -> Member:
        """With lamports; with `level`, qualified for it."""
        key = Keypair()
        self.chain.airdrop(str(key.pubkey()), SOL)
        member = Member(key, make_user(str(key.pubkey())))
        if level is not None:
            qualify(member.user, level)
        return member

    def pass_time(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    def work(self, *, rounds: int = 12, slots: int = 4) -> None:
        """Workers at their jobs while the chain goes on: a second and some slots a round."""
        for _ in range(rounds):
            self.pass_time(seconds=1)
            for request in UpgradeRequest.objects.awaiting_proof().due(now=self.now):
                check_burn(request_id=request.id, now=self.now)
            for order in MintOrder.objects.unfinished().due(now=self.now):
                advance_mint(order_id=order.id, now=self.now)
            if slots:
                self.chain.tick(slots)

    def unlocked_member(self) -> tuple[Member, UserNft]:
        """A member whose first NFT is minted on chain, qualified for the next level."""
        member = self.new_member(level=1)
        nft = unlock_nft(user=member.user, tier_level=1, now=self.now, keep=lambda _: None)
        self.work()
        nft.refresh_from_db()
        assert nft.status == "active"
        qualify(member.user, 2)
        return member, nft

    def start(self, member: Member, nft: UserNft) -> tuple[UpgradeRequest, UnsignedTransaction]:
        return start_upgrade(
            user=member.user,
            nft_id=nft.id,
            target_level=nft.tier_level + 1,
            now=self.now,
            keep=lambda *_: None,
        )

    def send(self, raw: bytes) -> str:
        return on_chain(lambda chain: chain.broadcast(raw))

    def run(self, steps: Sequence[Instruction], *signers: Signer) -> str:
        """Signed by all, paid by the first, sent and finalized; the signature."""
        blockhash = on_chain(lambda chain: chain.latest_blockhash())
        recent = Hash.from_string(blockhash.value)
        message = Message.new_with_blockhash(list(steps), signers[0].pubkey(), recent)
        signed = {it.pubkey(): it.sign_message(to_bytes_versioned(message)) for it in signers}
        needed = message.account_keys[: message.header.num_required_signatures]
        raw = VersionedTransaction.populate(message, [signed[key] for key in needed])
        signature = self.send(bytes(raw))
        self.chain.tick(FINALITY)
        return signature

    def burn(self, member: Member, burn: UnsignedTransaction) -> str:
        """Signed by the wallet, sent and finalized; the signature."""
        signature = self.send(member.sign(burn.raw))
        self.chain.tick(FINALITY)
        return signature

    def mint(self, address: str) -> MintAccount | None:
        account = on_chain(lambda chain: chain.mint_account(address))
        assert account is None or isinstance(account, MintAccount)
        return account

    def holds(self, member: Member, mint: str) -> bool:
        return on_chain(lambda chain: chain.holds(member.wallet, mint))


def reread(request: UpgradeRequest) -> UpgradeRequest:
    return UpgradeRequest.objects.select_related("current_nft", "order", "new_nft").get(
        id=request.id
    )


def event_types(request_id: UUID) -> list[str]:
    """Types of the events that name this upgrade, and of its badges, in order.

    Without those for services only, which tell every transition.
    """
    events = Event.objects.filter(data__upgradeRequestId=str(request_id)).order_by("id")
    return list(events.exclude(audience="internal").values_list("type", flat=True))


def encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
