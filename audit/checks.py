"""What `manage.py check` says about the audit's settings. `audit doctor` looks at the database."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from audit.services.checkpoints import log_signers


@register()
def log_can_be_signed(**_: Any) -> list[CheckMessage]:
    """Without the keys in the message."""
    try:
        signers = log_signers()
    except ValueError:
        signers = []
    if signers and settings.AUDIT_LOG_NAME:
        return []
    return [
        Error(
            "The audit log cannot be signed.",
            hint="AUDIT_SIGNING_KEYS needs 32 bytes a key, as 1:hex; AUDIT_LOG_NAME no space or +.",
            id="audit.E001",
        )
    ]
