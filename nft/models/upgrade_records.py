"""What an upgrade leaves behind: the burn transactions that we built, and its history."""

from django.db import models

from nft.models.upgrades import UpgradeRequest


class BurnTransaction(models.Model):
    """A burn transaction that we built for a request; a signed one must match one of these.

    `fee_lamports` is what it costs `fee_payer`; `sponsored_at` is when that was counted as
    ours, before we co-signed.
    """

    request = models.ForeignKey(
        UpgradeRequest, on_delete=models.CASCADE, related_name="burn_transactions"
    )
    message_hash = models.CharField(max_length=64)
    last_valid_block_height = models.PositiveBigIntegerField()
    fee_payer = models.CharField(max_length=44, blank=True)
    fee_lamports = models.PositiveBigIntegerField(default=0)
    sponsored_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    signature = models.CharField(max_length=88, blank=True)
    signed_transaction = models.BinaryField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "message_hash"], name="burn_built_once")
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.message_hash[:12]}"


class UpgradeStatusHistory(models.Model):
    """Every transition, in the transaction that made it."""

    request = models.ForeignKey(UpgradeRequest, on_delete=models.CASCADE, related_name="history")
    from_status = models.CharField(max_length=16, blank=True)
    to_status = models.CharField(max_length=16)
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        db_table = "upgrade_status_history"
        ordering = ["id"]
        verbose_name_plural = "upgrade status history"

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"
