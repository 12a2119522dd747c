"""What beat saw when it last looked after us."""

from django.db import models


class AuthorityBalance(models.Model):
    """The account that pays for mints; one row an address, so that a crossing is told once."""

    address = models.CharField(max_length=44, primary_key=True)
    lamports = models.PositiveBigIntegerField()
    threshold_lamports = models.PositiveBigIntegerField()
    is_low = models.BooleanField()
    looked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.address}: {self.lamports} lamports"
