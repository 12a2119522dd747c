"""Members who start, burn, confirm and cancel in any order, and what they were promised."""

from dataclasses import dataclass, field
from uuid import UUID

from solders.signature import Signature
from solders.transaction import VersionedTransaction

from chain.nft import build_burn, burn_memo
from chain.records import Blockhash, UnsignedTransaction
from core.errors import Conflict, InvalidInput, NotFound, Unavailable
from nft.models import NftStatus, UpgradeRequest, UpgradeStatus, UserNft
from nft.services.burn_transactions import renew_burn_transaction
from nft.services.closing import cancel_upgrade
from nft.services.confirming import confirm_burn, submit_signed_burn
from nft.services.recovery import retry_mint
from nft.services.unlocking import unlock_nft
from tests.faults.network.node import LyingNode
from tests.nft.world import Member, World

# What a caller may be told; whatever else a call raises is a breach.
REFUSALS = (Conflict, InvalidInput, NotFound, Unavailable)


@dataclass(frozen=True)
class Burn:
    """A burn transaction, complete. `issued` by us; else the wallet built it by itself."""

    raw: bytes
    signature: str
    mint: str
    request_id: UUID | None
    issued: bool


@dataclass
class Holder:
    """`promised`: signatures of burns that must become a new NFT if they stay on the chain."""

    world: World
    node: LyingNode
    member: Member
    burns: list[Burn] = field(default_factory=list)
    promised: dict[str, str] = field(default_factory=dict)

    # --- looking

    def nft(self) -> UserNft | None:
        """The newest that is not burned."""
        mine = UserNft.objects.of_user(self.member.user.id)
        return mine.exclude(status__in=(NftStatus.BURNED, NftStatus.MINTING)).first()

    def request(self) -> UpgradeRequest | None:
        request: UpgradeRequest | None = self.requests().first()
        return request

    def requests(self):
        return UpgradeRequest.objects.of_user(self.member.user.id).select_related("current_nft")

    # --- doing

    def unlock(self) -> None:
        unlock_nft(user=self.member.user, tier_level=1, now=self.world.now, keep=lambda _: None)

    def start(self) -> None:
        nft = self.nft()
        if nft is not None:
            request, burn = self.world.start(self.member, nft)
            self._pocket(request, burn)

    def renew(self) -> None:
        request = self.request()
        if request is not None:
            burn = renew_burn_transaction(
                user=self.member.user, request_id=request.id, now=self.world.now
            )
            self._pocket(request, burn)

    def burn(self, which: int = 0) -> None:
        """Send one that we issued, the newest by default; the chain may drop it as too old."""
        issued = [burn for burn in self.burns if burn.issued]
        if issued:
            self._send(issued[-1 - which % len(issued)])

    def burn_by_wallet(self, *, named: bool, which: int) -> None:
        """One that the wallet built: with the memo of any request of its newest NFT, or none."""
        nft = self.nft()
        if nft is None:
            return
        requests = list(self.requests().filter(current_nft=nft))
        request = requests[which % len(requests)] if named and requests else None
        memo = burn_memo(request.id) if request else "farewell"
        unsigned = build_burn(
            wallet=self.member.wallet, mint=nft.mint_address, memo=memo, blockhash=self._blockhash()
        )
        burn = self._sign(unsigned, nft.mint_address, request.id if request else None, issued=False)
        self.burns.append(burn)
        self._send(burn)

    def confirm(self, which: int = 0, *, signature: str = "") -> None:
        request = self.request()
        if request is not None and (self.burns or signature):
            hint = signature or self.burns[-1 - which % len(self.burns)].signature
            confirm_burn(
                user=self.member.user, request_id=request.id, signature=hint, now=self.world.now
            )

    def hand_over(self) -> None:
        """The signed burn, for us to send."""
        issued = [burn for burn in self.burns if burn.issued]
        if issued and issued[-1].request_id:
            submit_signed_burn(
                user=self.member.user,
                request_id=issued[-1].request_id,
                raw=issued[-1].raw,
                now=self.world.now,
            )

    def cancel(self) -> None:
        request = self.request()
        if request is not None:
            cancel_upgrade(user=self.member.user, request_id=request.id, now=self.world.now)

    def retry(self) -> None:
        request = self.request()
        if request is not None:
            retry_mint(user=self.member.user, request_id=request.id, now=self.world.now)

    # --- parts

    def _pocket(self, request: UpgradeRequest, burn: UnsignedTransaction) -> None:
        mint = request.current_nft.mint_address
        self.burns.append(self._sign(burn, mint, request.id, issued=True))

    def _sign(
        self, unsigned: UnsignedTransaction, mint: str, request_id: UUID | None, *, issued: bool
    ) -> Burn:
        raw = self.member.sign(unsigned.raw)
        signature = str(VersionedTransaction.from_bytes(raw).signatures[0])
        return Burn(raw, signature, mint, request_id, issued)

    def _send(self, burn: Burn) -> None:
        """A burn that names no request is a promise only while one waits for it."""
        waits = self.requests().filter(
            current_nft__mint_address=burn.mint,
            status__in=(UpgradeStatus.AWAITING_BURN, UpgradeStatus.VERIFYING_BURN),
        )
        if self.node.land(burn.raw) and (burn.request_id or waits.exists()):
            self.promised[burn.signature] = burn.mint

    def _blockhash(self) -> Blockhash:
        return self.node.ask(
            lambda net: Blockhash(
                str(net.ledger.blockhash_at(net.ledger.slot)),
                net.ledger.last_valid_height(net.ledger.slot),
            )
        )


def made_up_signature(number: int) -> str:
    return str(Signature.from_bytes(number.to_bytes(64, "big")))
