"""Keys for other services."""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from accounts.models import ServiceKey
from accounts.models.keys import Scope
from accounts.secret_hash import hash_secret
from core.errors import InvalidInput, NotSignedIn

MARK = "aiw3"  # lets secret scanners find a leaked key


def create_service_key(
    *, name: str, scopes: Sequence[str], now: datetime, expires_at: datetime | None = None
) -> tuple[ServiceKey, str]:
    """The new key and its only readable copy, `aiw3_{prefix}_{secret}`.

    Raises InvalidInput for an unknown scope, none at all, or a name in use.
    """
    unknown = sorted(set(scopes) - set(Scope.values))
    if unknown or not scopes:
        raise InvalidInput("UNKNOWN_SCOPE", f"Choose scopes among {', '.join(Scope.values)}.")
    prefix = secrets.token_hex(6)
    readable = f"{MARK}_{prefix}_{secrets.token_hex(32)}"
    key, created = ServiceKey.objects.get_or_create(
        name=name,
        defaults={
            "prefix": prefix,
            "secret_hash": hash_secret(readable),
            "scopes": sorted(set(scopes)),
            "created_at": now,
            "expires_at": expires_at,
        },
    )
    if not created:
        raise InvalidInput("NAME_IN_USE", f"There is a key named {name!r} already.")
    return key, readable


def authenticate_service_key(*, readable: str, now: datetime) -> ServiceKey:
    """Raises NotSignedIn, with one answer for unknown, wrong, switched off and expired."""
    mark, _, rest = readable.partition("_")
    prefix = rest.partition("_")[0]
    well_formed = mark == MARK and prefix.isalnum()
    key = ServiceKey.objects.filter(prefix=prefix).first() if well_formed else None
    genuine = key is not None and hmac.compare_digest(key.secret_hash, hash_secret(readable))
    if key is None or not genuine or not key.is_usable(now=now):
        raise NotSignedIn("API_KEY_INVALID", "This API key is not valid.")
    key.note_use(now=now)
    return key
