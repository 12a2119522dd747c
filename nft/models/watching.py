"""What beat saw when it last looked after us."""

from django.db import models

LAMPORTS_A_SOL = 10**9


class AuthorityBalance(models.Model):
    """The account that pays for mints; one row an address, so that a crossing is told once."""

    address = models.CharField(max_length=44, primary_key=True)
    lamports = models.PositiveBigIntegerField()
    threshold_lamports = models.PositiveBigIntegerField()
    is_low = models.BooleanField()
    looked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.address}: {self.lamports} lamports"

    @property
    def sol(self) -> str:
        """For people."""
        return f"{self.lamports / LAMPORTS_A_SOL:.4f}"

    @property
    def threshold_sol(self) -> str:
        return f"{self.threshold_lamports / LAMPORTS_A_SOL:.4f}"
