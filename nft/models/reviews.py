"""What operators decide about burns that nothing proves, and the list of what is stuck."""

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import Q

from nft.models.upgrades import UpgradeRequest


class Verdict(models.TextChoices):
    ACCEPT = "accept", "It counts: mint the new NFT"
    REFUSE = "refuse", "It does not count: close the upgrade"


class Outcome(models.TextChoices):
    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"  # the chain does not show such a burn; see `problem`


class ReviewQuerySet(models.QuerySet["ReviewDecision"]):
    def pending_for(self, request_id: UUID) -> "ReviewDecision | None":
        return self.filter(request_id=request_id, outcome=Outcome.PENDING).first()


class ReviewDecision(models.Model):
    """One decision; a job carries it out once the chain shows the burn that it names."""

    request = models.ForeignKey(UpgradeRequest, on_delete=models.PROTECT, related_name="reviews")
    verdict = models.CharField(max_length=6, choices=Verdict.choices)
    signature = models.CharField(max_length=88, help_text="The transaction that burned the NFT")
    reason = models.CharField(max_length=150)
    decided_by = models.CharField(max_length=150)
    decided_at = models.DateTimeField()
    outcome = models.CharField(max_length=7, choices=Outcome.choices, default=Outcome.PENDING)
    problem = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["request"], condition=Q(outcome="pending"), name="one_pending_review"
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=Verdict.values, outcome__in=Outcome.values),
                name="review_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} by {self.decided_by}: {self.reason}"

    def story(self) -> str:
        """For the upgrade's history, which its member sees: without the operator's name."""
        verdict = "accepted" if self.verdict == Verdict.ACCEPT else "refused"
        return f"{verdict} in review: {self.reason}"

    def end(self, *, outcome: Outcome, now: datetime, problem: str = "") -> None:
        self.outcome, self.problem, self.ended_at = outcome, problem[:200], now
        self.save(update_fields=["outcome", "problem", "ended_at"])


class StuckUpgrade(UpgradeRequest):
    """The same rows, for the admin's page of those that are past their bound."""

    class Meta:
        proxy = True
        verbose_name = "stuck upgrade"
