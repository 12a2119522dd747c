"""Who may talk to the localnet: pages and programs of this machine.

A Host allow-list stops DNS rebinding, an Origin allow-list stops other sites' pages.
"""

import re
from dataclasses import dataclass
from typing import ClassVar

from starlette.datastructures import Headers

_LOCAL_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?")
_LOCAL_ORIGIN = re.compile(r"https?://(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?")


@dataclass(frozen=True, slots=True)
class Guard:
    """Origins of this machine are always allowed; `origins` adds others, exactly as written."""

    ALLOWED_HEADERS: ClassVar[str] = "content-type, solana-client"

    origins: frozenset[str] = frozenset()

    def allows(self, headers: Headers) -> bool:
        if len(headers.getlist("host")) != 1 or len(headers.getlist("origin")) > 1:
            return False
        origin = headers.get("origin")
        return _LOCAL_HOST.fullmatch(headers["host"].lower()) is not None and (
            origin is None
            or origin in self.origins
            or _LOCAL_ORIGIN.fullmatch(origin.lower()) is not None
        )

    def cors_headers(self, headers: Headers) -> dict[str, str]:
        """For a request that `allows` accepted."""
        origin = headers.get("origin")
        if origin is None:
            return {}
        return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}

    def preflight_headers(self, headers: Headers) -> dict[str, str]:
        answer = {
            **self.cors_headers(headers),
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": self.ALLOWED_HEADERS,
            "Access-Control-Max-Age": "86400",
        }
        if headers.get("access-control-request-private-network") == "true":
            answer["Access-Control-Allow-Private-Network"] = "true"
        return answer
