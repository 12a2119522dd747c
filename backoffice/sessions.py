"""How long a sign-in to the admin lasts: so long without a page, and so long at the most."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest

SINCE = "staff_since"
MOVED_EVERY = timedelta(minutes=1)  # not a write for each page


def limit_session(request: HttpRequest, *, now: datetime) -> None:
    """Let the session of staff end `ADMIN_SESSION_IDLE` from now, and never later than
    `ADMIN_SESSION_AGE` after its first page. What ended is a stranger's everywhere.

    What a page's script asks for by itself does not count as activity.
    """
    if not (request.user.is_authenticated and request.user.is_staff):
        return
    session = request.session
    is_new = SINCE not in session
    if is_new:
        session[SINCE] = now.isoformat()
    end = datetime.fromisoformat(session[SINCE]) + settings.ADMIN_SESSION_AGE
    if is_new or request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate":
        _end_at(session, min(now + settings.ADMIN_SESSION_IDLE, end), is_new=is_new)


def _end_at(session: SessionBase, end: datetime, *, is_new: bool) -> None:
    if is_new or abs(end - session.get_expiry_date()) >= MOVED_EVERY:
        session.set_expiry(end)
