"""The messages that we asked wallets to sign."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from accounts.siws import SignInMessage

# An old nonce is kept this long so that its owner learns "expired" or "replayed", not "unknown".
KEPT_AFTER_EXPIRY = timedelta(hours=1)


class SignInNonceQuerySet(models.QuerySet["SignInNonce"]):
    def purgeable(self, *, now: datetime) -> "SignInNonceQuerySet":
        return self.filter(expires_at__lte=now - KEPT_AFTER_EXPIRY)

    def consume(self, nonce: str, *, now: datetime) -> bool:
        """Whether the caller won it: one conditional update, so exactly one of many does."""
        usable = self.filter(nonce=nonce, consumed_at__isnull=True, expires_at__gt=now)
        return bool(usable.update(consumed_at=now))

    def keep_newest(self, wallet_address: str, requester: str, *, keep: int) -> None:
        """Forget the oldest live nonces beyond `keep`.

        Counted for each requester, so that a stranger who asks for nonces of somebody's
        address pushes out only their own.
        """
        mine = self.filter(
            wallet_address=wallet_address, requester=requester, consumed_at__isnull=True
        )
        surplus = list(mine.order_by("-created_at").values_list("nonce", flat=True)[keep:])
        if surplus:
            mine.filter(nonce__in=surplus).delete()


class SignInNonce(models.Model):
    """One message to sign, valid once, for one address, until `expires_at`.

    `requester` is the hash of the network address that asked for it; `browser_hash` that of
    the cookie which binds it to one browser.
    """

    nonce = models.CharField(primary_key=True, max_length=32, editable=False)
    wallet_address = models.CharField(max_length=44)
    message = models.TextField()
    requester = models.CharField(max_length=64)
    browser_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    consumed_at = models.DateTimeField(null=True)

    objects = SignInNonceQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["wallet_address", "requester"], name="nonce_requester")]

    def __str__(self) -> str:
        return f"nonce of {self.wallet_address}"

    @classmethod
    def of(cls, message: "SignInMessage", *, requester: str, browser_hash: str) -> "SignInNonce":
        return cls(
            nonce=message.nonce,
            wallet_address=message.address,
            message=message.text(),
            requester=requester,
            browser_hash=browser_hash,
            created_at=message.issued_at,
            expires_at=message.expires_at,
        )
