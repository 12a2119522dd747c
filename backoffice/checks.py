"""What `check --deploy` says of the admin."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register


@register(Tags.security, deploy=True)
def password_alone(**_: Any) -> list[CheckMessage]:
    if settings.ADMIN_REQUIRE_OTP:
        return []
    text = "A password alone lets staff into the admin: set ADMIN_REQUIRE_OTP=true."
    return [Warning(text, id="backoffice.W001")]
