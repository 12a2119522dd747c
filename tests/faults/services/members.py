"""What members do: real rows, their events and the audit's triggers, without a chain.

A party goes the same way together, and each of its steps is one transaction, so that a writer that
is killed leaves whole steps. What a chain would have said is made up.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.utils import timezone
from solders.pubkey import Pubkey
from solders.signature import Signature

from accounts.models import User
from accounts.services import get_or_create_users
from badges.models import EarnedBadge
from badges.services import (
    activate_badge,
    award_badge,
    consume_badges,
    release_badges,
    reserve_badges,
    revoke_badge,
)
from core.ids import uuid7
from events.events import DomainEvent
from events.services import publish_all
from nft.addresses import image_url, metadata_uri
from nft.events import (
    BurnConfirmed,
    NftBurned,
    NftMinted,
    NftTransferred,
    NftUnlocked,
    NftUnlockOrdered,
    NftUpgraded,
    UpgradeCancelled,
    UpgradeCompleted,
    UpgradeInitiated,
)
from nft.models import MintOrder, NftStatus, Origin, Purpose, Tier, UpgradeRequest, UserNft
from nft.models.orders import OrderStatus
from nft.models.upgrade_states import UpgradeStatus
from nft.terms import TierTerms
from notifications.models import Recipient
from trading.intake import NewTrade
from trading.services import record_trades

KEPT, REVOKED = "first-steps", "market-scholar"
HOUR = timedelta(hours=1)  # nobody's request expires meanwhile
WITH_MAIL = 0.1  # of the members
Step = Callable[[], None]


class Party:
    def __init__(self, dice: random.Random, tiers: Sequence[Tier], *, size: int):
        self._dice, self._first, self._second = dice, *tiers[:2]
        self._size = size
        self.users: list[User] = []
        self._nfts: list[UserNft] = []
        self._requests: list[UpgradeRequest] = []

    def steps(self) -> Iterator[Step]:
        yield from (self.join, self.trade, self.earn, self.activate, self.order, self.unlock)
        if self._dice.random() < 0.3:
            yield from (self.start, self.cancel)
        yield from (self.start, self.burn, self.complete, self.lose)
        if self._dice.random() < 0.3:
            yield self.give

    def join(self) -> None:
        wallets = [self.address() for _ in range(self._size)]
        self.users = list(get_or_create_users(wallet_addresses=wallets).values())
        Recipient.objects.bulk_create(
            Recipient(
                user_id=user.id, email=f"{user.id.hex}@example.org", language="de",
                email_verified_at=timezone.now(),
            )
            for user in self.users
            if self._dice.random() < WITH_MAIL
        )  # fmt: skip

    def trade(self) -> None:
        trade(self.users, self._dice)

    def earn(self) -> None:
        for user in self.users:
            for slug in (KEPT, REVOKED):
                award_badge(user=user, slug=slug, now=timezone.now(), source="a proof")

    def activate(self) -> None:
        for badge in self._badges(KEPT):
            activate_badge(user=badge.user, badge_id=badge.id, now=timezone.now())

    def lose(self) -> None:
        for badge in self._badges(REVOKED):
            revoke_badge(badge_id=badge.id, reason="a mistake", now=timezone.now())

    def order(self) -> None:
        self._nfts = [self._nft(user, self._first, Origin.UNLOCK) for user in self.users]
        publish_all(
            NftUnlockOrdered(user_id=nft.user_id, nft_id=nft.id, tier_id=nft.tier_level)
            for nft in self._nfts
        )

    def unlock(self) -> None:
        for nft in self._nfts:
            nft.record_mint(signature=self.signature(), now=timezone.now())
            unlocked = NftUnlocked(
                user_id=nft.user_id, nft_id=nft.id, tier_name=nft.tier_name,
                tier_id=nft.tier_level, mint_address=nft.mint_address, image_url=nft.image_url,
                benefits=nft.benefits,
            )  # fmt: skip
            publish_all([_minted(nft, None), unlocked])

    def start(self) -> None:
        self._requests = [self._request(nft) for nft in self._nfts]
        for request, nft in zip(self._requests, self._nfts, strict=True):
            nft.reserve_for_upgrade()
            reserve_badges(
                user_id=nft.user_id, slugs=[KEPT], request_id=request.id, now=timezone.now()
            )
        publish_all(
            UpgradeInitiated(
                user_id=it.user_id, upgrade_request_id=it.id, current_nft_id=it.current_nft_id,
                current_level=1, target_level=it.target_level, expires_at=it.expires_at,
            )
            for it in self._requests
        )  # fmt: skip

    def cancel(self) -> None:
        now = timezone.now()
        for request, nft in zip(self._requests, self._nfts, strict=True):
            request.begin_closing(end=UpgradeStatus.CANCELLED, reason="not today", now=now)
            request.close(now=now)
            nft.give_back()
            release_badges(request_id=request.id, now=now)
        publish_all(
            UpgradeCancelled(user_id=it.user_id, upgrade_request_id=it.id, reason="not today")
            for it in self._requests
        )

    def burn(self) -> None:
        now = timezone.now()
        for request, nft in zip(self._requests, self._nfts, strict=True):
            signature = self.signature()
            request.begin_minting(signature=signature, slot=1, waived_badges=[], now=now)
            nft.record_burn(signature=signature, burned_at=now)
            burned = NftBurned(
                user_id=nft.user_id, nft_id=nft.id, mint_address=nft.mint_address,
                transaction_signature=signature, burned_at=now, upgrade_request_id=request.id,
            )  # fmt: skip
            confirmed = BurnConfirmed(
                user_id=nft.user_id, upgrade_request_id=request.id, slot=1,
                transaction_signature=signature,
            )  # fmt: skip
            publish_all([burned, confirmed])

    def complete(self) -> None:
        now = timezone.now()
        for at, (request, old) in enumerate(zip(self._requests, self._nfts, strict=True)):
            new = self._nft(old.user, self._second, Origin.UPGRADE)
            new.record_mint(signature=self.signature(), now=now)
            request.complete(new_nft=new, now=now)
            consume_badges(request_id=request.id, now=now)
            publish_all(_completion(request, old, new))
            self._nfts[at] = new

    def give(self) -> None:
        """Each to the next one."""
        for nft, taker in zip(self._nfts, self.users[1:] + self.users[:1], strict=True):
            giver, signature = nft.user, self.signature()
            nft.hand_over(taker, since=timezone.now())
            publish_all(
                NftTransferred(
                    user_id=person.id, nft_id=nft.id, mint_address=nft.mint_address,
                    from_wallet=giver.wallet_address or "", to_wallet=taker.wallet_address or "",
                    transaction_signature=signature,
                )
                for person in (giver, taker)
            )  # fmt: skip

    def address(self) -> str:
        return str(Pubkey.from_bytes(self._dice.randbytes(32)))

    def signature(self) -> str:
        return str(Signature.from_bytes(self._dice.randbytes(64)))

    def _badges(self, slug: str) -> list[EarnedBadge]:
        own = EarnedBadge.objects.filter(user__in=self.users, definition__slug=slug)
        return list(own.select_related("user", "definition"))

    def _nft(self, user: User, tier: Tier, origin: str) -> UserNft:
        mint = self.address()
        return UserNft.objects.create(
            user=user, issued_to=user, tier=tier, tier_level=tier.level, tier_name=tier.name,
            benefits=tier.benefits, origin=origin, status=NftStatus.MINTING, mint_address=mint,
            metadata_uri=metadata_uri(mint), image_url=image_url(mint), created_at=timezone.now(),
        )  # fmt: skip

    def _request(self, nft: UserNft) -> UpgradeRequest:
        terms, wallet = TierTerms.of(self._second).dump(), nft.user.wallet_address or ""
        order = MintOrder.objects.create(
            purpose=Purpose.UPGRADE, request_id=uuid7(), user_id=nft.user_id, wallet_address=wallet,
            terms=terms, key_version=1, nonce=MintOrder.new_nonce(), mint_address=self.address(),
            status=OrderStatus.WAITING,
        )  # fmt: skip
        request = UpgradeRequest.objects.create(
            id=order.request_id, user=nft.user, current_nft=nft, order=order, wallet_address=wallet,
            target_level=self._second.level, terms=terms, status=UpgradeStatus.AWAITING_BURN,
            created_at=timezone.now(), expires_at=timezone.now() + HOUR, start_slot=1,
        )  # fmt: skip
        request.write_first_history(now=timezone.now())
        return request


def trade(users: Sequence[User], dice: random.Random) -> None:
    now = timezone.now()
    trades = [
        NewTrade(
            trade_id=str(uuid7()), wallet_address=user.wallet_address or "", executed_at=now,
            volume_usd=Decimal(dice.randrange(1, 10**12)).scaleb(-8),
        )
        for user in users
    ]  # fmt: skip
    record_trades(trades=trades, now=now, source="a proof")


def _minted(nft: UserNft, request_id: UUID | None) -> NftMinted:
    return NftMinted(
        user_id=nft.user_id, nft_id=nft.id, mint_address=nft.mint_address,
        transaction_signature=nft.transaction_signature or "", metadata_uri=nft.metadata_uri,
        gas_used=5000, upgrade_request_id=request_id,
    )  # fmt: skip


def _completion(request: UpgradeRequest, old: UserNft, new: UserNft) -> list[DomainEvent]:
    gone = {"nftId": old.id, "tierName": old.tier_name, "burnedAt": old.burned_at}
    made = {
        "nftId": new.id, "tierName": new.tier_name, "tierId": new.tier_level,
        "mintAddress": new.mint_address, "transactionSignature": new.transaction_signature,
    }  # fmt: skip
    return [
        _minted(new, request.id),
        NftUpgraded(
            user_id=new.user_id, upgrade_request_id=request.id, old_nft=gone, new_nft=made,
            consumed_badges=[KEPT],
        ),
        UpgradeCompleted(
            user_id=new.user_id, upgrade_request_id=request.id, new_nft_id=new.id,
            mint_address=new.mint_address, level=new.tier_level, duration_ms=1,
            transaction_signature=new.transaction_signature or "",
        ),
    ]  # fmt: skip
