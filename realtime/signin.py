"""From a request to a grant and a feed, before any stream starts."""

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone

from accounts.services import StreamGrant, StreamProof, authenticate_streams
from core.errors import NotAllowed, NotFound, NotSignedIn, Unavailable
from realtime.access import Feed, SystemFeed, UpgradeFeed, UserFeed, may_read
from realtime.coalescing import Coalescer
from realtime.database import DatabaseThreads
from realtime.origins import check_origin
from realtime.ownership import owns_upgrade
from realtime.requests import Credentials, StreamRequest, read_credentials

if TYPE_CHECKING:
    from realtime.site import Site

SIGN_INS_A_QUERY = 200

SignIns = Coalescer[StreamProof, StreamGrant | NotSignedIn]


def sign_ins(threads: DatabaseThreads) -> SignIns:
    """Browsers that come at once are signed in together: one by one cost a query each."""
    return Coalescer(partial(_sign_in_all, threads), limit=SIGN_INS_A_QUERY)


async def sign_in(
    site: "Site", request: StreamRequest, *, takes_tickets: bool = True
) -> StreamGrant:
    """Raises NotSignedIn, NotAllowed (a page that is not ours) or Unavailable."""
    credentials = read_credentials(request, cookie_name=settings.SESSION_COOKIE_NAME)
    if credentials == Credentials():
        raise NotSignedIn("NOT_SIGNED_IN", "Sign in to read this stream.")
    if credentials.ticket and not takes_tickets:
        raise NotSignedIn("TICKET_INVALID", "A ticket opens a stream; send a token here.")
    if credentials.session_key:
        check_origin(request)
    try:
        answer = await site.sign_ins.ask(
            StreamProof(
                bearer=credentials.bearer,
                session_key=credentials.session_key,
                ticket=credentials.ticket,
                resource=request.path,
            )
        )
    except DatabaseError:
        raise Unavailable("DATABASE_UNAVAILABLE", "You cannot be signed in right now.") from None
    if isinstance(answer, NotSignedIn):
        raise answer
    return answer


async def _sign_in_all(
    threads: DatabaseThreads, proofs: list[StreamProof]
) -> list[StreamGrant | NotSignedIn]:
    return await threads.run(authenticate_streams, proofs, now=timezone.now())


async def find_feed(
    site: "Site", grant: StreamGrant, *, route: str, upgrade_id: str | None
) -> Feed:
    """`route` is `user`, `upgrade` or `system`.

    Raises NotFound for an upgrade that is unknown, malformed or someone else's, NotAllowed.
    """
    feed: Feed
    if route == "upgrade":
        feed = await _find_upgrade(site, grant, upgrade_id or "")
    else:
        feed = SystemFeed() if route == "system" else UserFeed(grant.user_id)
    if not may_read(grant, feed):
        raise NotAllowed("NOT_ALLOWED", "You may not read this stream.")
    return feed


async def _find_upgrade(site: "Site", grant: StreamGrant, upgrade_id: str) -> UpgradeFeed:
    missing = NotFound("NOT_FOUND", "There is no such upgrade.")
    try:
        wanted = UUID(upgrade_id)
    except ValueError:
        raise missing from None
    try:
        mine = await site.sign_in_threads.run(
            owns_upgrade, user_id=grant.user_id, upgrade_id=wanted
        )
    except DatabaseError:
        raise Unavailable("DATABASE_UNAVAILABLE", "The upgrade cannot be read now.") from None
    if not mine:
        raise missing
    return UpgradeFeed(grant.user_id, wanted)
