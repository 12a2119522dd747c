"""Jobs of this app."""

from celery import shared_task
from django.utils import timezone

from accounts.services import purge_expired


@shared_task(name="accounts.purge_expired")
def purge_expired_rows() -> None:
    """Hourly, by beat."""
    purge_expired(now=timezone.now())
