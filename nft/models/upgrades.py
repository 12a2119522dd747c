"""Upgrade requests, as documented in `upgrade_requests` and `upgrade_status_history`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.errors import Conflict
from core.ids import uuid7
from events.services import publish
from nft.claims import UNCLAIMED, Claimable, ClaimQuerySet
from nft.events import UpgradeStatusChanged
from nft.models.nfts import UserNft
from nft.models.orders import MintOrder
from nft.models.upgrade_states import (
    AFTER_PROOF,
    BEFORE_PROOF,
    CLOSED,
    OPEN,
    TRANSITIONS,
    WATCHED,
    UpgradeStatus,
)
from nft.versions import update_if_unchanged

PROVEN = Q(status__in=AFTER_PROOF)


class UpgradeQuerySet(ClaimQuerySet["UpgradeRequest"]):
    def of_user(self, user_id: Any) -> "UpgradeQuerySet":
        return self.filter(user_id=user_id)

    def open(self) -> "UpgradeQuerySet":
        """Requests that hold their member's place: one a member, one an NFT."""
        return self.filter(status__in=OPEN, is_late=False)

    def awaiting_proof(self) -> "UpgradeQuerySet":
        """Requests whose next step is to look for a burn: open, or closed and still watched."""
        return self.filter(status__in=BEFORE_PROOF, watch_burn=True)

    def proven_for(self, nft_id: UUID) -> "UpgradeQuerySet":
        """At most one: the request that has this NFT's burn."""
        return self.filter(PROVEN, current_nft_id=nft_id)

    def for_burn(
        self, *, nft_id: UUID, wallet: str, memo_ids: tuple[UUID, ...], hinted_id: UUID | None
    ) -> "UpgradeRequest | None":
        """The request that a burn of this NFT belongs to, locked.

        The one that has it already; else the one that its memo names, open or closed; else
        the one that is open; else the closed one for which the member submitted it. All but the
        first only of the wallet that burned: an NFT may have had requests of other holders.
        """
        locked = self.filter(current_nft_id=nft_id).select_for_update()
        requests = locked.filter(wallet_address=wallet)
        return (
            locked.proven_for(nft_id).first()
            or requests.filter(id__in=memo_ids).first()
            or requests.open().first()
            or requests.filter(id__in=[hinted_id] if hinted_id else []).first()
        )

    def past_expiry(self, *, now: datetime) -> "UpgradeQuerySet":
        return self.filter(status=UpgradeStatus.AWAITING_BURN, expires_at__lte=now)


class UpgradeRequest(Claimable):
    """A member's wish to burn one NFT for the next tier's.

    `terms` are frozen at the start. `submitted_signature` is a client's hint and proves
    nothing; `burn_signature` is set once, by the proof. `start_slot` is a finalized slot.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="upgrades"
    )
    current_nft = models.ForeignKey(UserNft, on_delete=models.PROTECT, related_name="upgrades")
    new_nft = models.OneToOneField(
        UserNft, on_delete=models.PROTECT, null=True, blank=True, related_name="made_by"
    )
    order = models.OneToOneField(MintOrder, on_delete=models.PROTECT, related_name="upgrade")
    wallet_address = models.CharField(max_length=44)
    target_level = models.PositiveSmallIntegerField()
    terms = models.JSONField(help_text="Tier, requirements and badges; see nft.terms")
    status = models.CharField(max_length=16, choices=UpgradeStatus.choices)
    is_late = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    start_slot = models.PositiveBigIntegerField()
    submitted_signature = models.CharField(max_length=88, blank=True)
    unseen_after_height = models.PositiveBigIntegerField(null=True, blank=True)
    # Not unique: two wallets may burn in one transaction. Unique is the burn, by its NFT.
    burn_signature = models.CharField(max_length=88, null=True, blank=True, db_index=True)  # noqa: DJ001 - no burn yet
    burn_slot = models.PositiveBigIntegerField(null=True, blank=True)
    closing_height = models.PositiveBigIntegerField(null=True, blank=True)
    closing_as = models.CharField(max_length=10, blank=True)
    closing_reason = models.CharField(max_length=200, blank=True)
    waived_badges = models.JSONField(default=list, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.CharField(max_length=300, blank=True)
    burn_seen_at = models.DateTimeField(null=True, blank=True)
    stuck_told_at = models.DateTimeField(null=True, blank=True, editable=False)
    watch_burn = models.BooleanField(default=True, help_text="Whether a burn is looked for")
    closed_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = UpgradeQuerySet.as_manager()

    class Meta:
        db_table = "upgrade_requests"
        ordering = ["-id"]
        permissions = [("review_upgraderequest", "Can decide about an upgrade in review")]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=UpgradeStatus.values), name="upgrade_status_is_known"
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(status__in=OPEN, is_late=False),
                name="one_open_upgrade_a_user",
            ),
            models.UniqueConstraint(
                fields=["current_nft"],
                condition=Q(status__in=OPEN, is_late=False),
                name="one_open_upgrade_an_nft",
            ),
            models.UniqueConstraint(
                fields=["current_nft"], condition=PROVEN, name="one_proven_burn_an_nft"
            ),
            models.CheckConstraint(
                condition=(PROVEN & Q(burn_signature__isnull=False, burn_slot__isnull=False))
                | (~PROVEN & Q(burn_signature__isnull=True)),
                name="upgrade_proof_matches_status",
            ),
            models.CheckConstraint(
                condition=Q(status="completed", new_nft__isnull=False, completed_at__isnull=False)
                | (~Q(status="completed") & Q(new_nft__isnull=True)),
                name="upgrade_completed_has_its_nft",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["closing", "cancelled", "expired"])
                | Q(closing_as__in=CLOSED),
                name="upgrade_closing_knows_its_end",
            ),
            # `redrive` finds a row before its proof by this: one without it would never move.
            models.CheckConstraint(
                condition=~Q(status__in=WATCHED) | Q(watch_burn=True),
                name="upgrade_open_is_watched",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.status}"

    def move(self, to: UpgradeStatus, *, reason: str, now: datetime, **changes: Any) -> None:
        """The only way to another status: table, conditional update, history, event.

        Needs the caller's transaction. Raises Conflict when the step is not allowed or
        somebody else was faster.
        """
        before = UpgradeStatus(self.status)
        if to not in TRANSITIONS[before]:
            raise Conflict("UPGRADE_STATE", f"An upgrade that is {before} cannot become {to}.")
        self._update(status=to, **changes)
        self._write_history(before, to, reason=reason, now=now)
        publish(
            UpgradeStatusChanged(
                user_id=self.user_id,
                upgrade_request_id=self.id,
                from_status=before,
                to_status=to,
                reason=reason[:200],
            )
        )

    def note(self, **changes: Any) -> None:
        """Change fields without a change of status; raises Conflict like `move`."""
        self._update(**changes)

    def stop_watching(self, **changes: Any) -> None:
        """No burn is looked for any more."""
        self.note(watch_burn=False, **UNCLAIMED, **changes)

    def _update(self, **changes: Any) -> None:
        if not update_if_unchanged(self, **changes):
            raise Conflict("UPGRADE_CHANGED", "The upgrade has moved on meanwhile. Read it again.")

    def write_first_history(self, *, now: datetime) -> None:
        self._write_history("", UpgradeStatus(self.status), reason="started", now=now)

    def _write_history(
        self, before: UpgradeStatus | str, to: UpgradeStatus, *, reason: str, now: datetime
    ) -> None:
        self.history.create(from_status=before, to_status=to, reason=reason[:200], at=now)

    # One mutator per transition, in the order of the story.

    def begin_verification(self, *, signature: str, now: datetime) -> None:
        self.move(
            UpgradeStatus.VERIFYING_BURN,
            reason="burn signature submitted",
            now=now,
            submitted_signature=signature,
            unseen_after_height=None,
            next_run_at=None,
            error_code="",
            error_message="",
        )

    def reject_burn(self, *, code: str, message: str, now: datetime) -> None:
        self.move(
            UpgradeStatus.AWAITING_BURN,
            reason=code,
            now=now,
            submitted_signature="",
            unseen_after_height=None,
            error_code=code,
            error_message=message[:300],
        )

    def begin_minting(
        self,
        *,
        signature: str,
        slot: int,
        waived_badges: list[str],
        now: datetime,
        reason: str = "",
    ) -> None:
        """The burn is proven; from here the only end is `completed`."""
        late = self.status in CLOSED
        self.move(
            UpgradeStatus.MINTING,
            reason=reason or ("late burn proven" if late else "burn proven"),
            now=now,
            is_late=self.is_late or late,
            burn_signature=signature,
            burn_slot=slot,
            waived_badges=waived_badges,
            next_run_at=None,
            error_code="",
            error_message="",
            **UNCLAIMED,
        )

    def fail_round(self, *, code: str, message: str, now: datetime) -> None:
        self.move(
            UpgradeStatus.MINT_FAILED,
            reason=code,
            now=now,
            error_code=code,
            error_message=message[:300],
        )

    def resume_minting(self, *, reason: str, now: datetime) -> None:
        self.move(UpgradeStatus.MINTING, reason=reason, now=now)

    def complete(self, *, new_nft: UserNft, now: datetime) -> None:
        self.move(
            UpgradeStatus.COMPLETED,
            reason="mint finalized",
            now=now,
            new_nft=new_nft,
            completed_at=now,
            error_code="",
            error_message="",
        )

    def begin_closing(self, *, end: UpgradeStatus, reason: str, now: datetime) -> None:
        self.move(
            UpgradeStatus.CLOSING,
            reason=reason,
            now=now,
            closing_as=end,
            closing_reason=reason,
            closing_height=None,
            next_run_at=None,
        )

    def close(self, *, now: datetime) -> None:
        self.move(
            UpgradeStatus(self.closing_as), reason=self.closing_reason, now=now, closed_at=now
        )

    def send_to_review(self, *, reason: str, now: datetime) -> None:
        self.move(
            UpgradeStatus.NEEDS_REVIEW,
            reason=reason,
            now=now,
            error_code="BURN_WITHOUT_PROOF",
            error_message=reason,
        )

    def burn_is_safe_after_height(self) -> int:
        """The last block height at which a burn for this request may still have landed.

        Of those that we issued, and of those that were on chain, or confirmed, when closing
        began (`closing_height`), whoever built them.
        """
        last = self.burn_transactions.aggregate(last=models.Max("last_valid_block_height"))["last"]
        return max(int(last or 0), self.closing_height or 0)
