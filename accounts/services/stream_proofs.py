"""Proofs of who opens a stream, many at a time: after an outage all browsers come back at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from accounts.models import LoginSession, StreamTicket
from accounts.models.sessions import RESOURCE_LENGTH
from accounts.secret_hash import hash_secret
from accounts.services.sessions import AccessClaims, read_access_token, refuse_unusable
from accounts.services.streams import StreamGrant, grant_by_browser_session
from core.errors import NotSignedIn
from core.ids import uuid7


@dataclass(frozen=True)
class StreamProof:
    """`resource` names what is to be read (its path, say); a ticket stays bound to the first."""

    bearer: str | None = field(default=None, repr=False)
    ticket: str | None = field(default=None, repr=False)
    session_key: str | None = field(default=None, repr=False)
    resource: str = ""


Answer = StreamGrant | NotSignedIn


def authenticate_stream(proof: StreamProof, *, now: datetime) -> StreamGrant:
    """Raises NotSignedIn."""
    (answer,) = authenticate_streams([proof], now=now)
    if isinstance(answer, NotSignedIn):
        raise answer
    return answer


def authenticate_streams(proofs: Sequence[StreamProof], *, now: datetime) -> list[Answer]:
    """For each the grant of the strongest proof given, or why there is none.

    The strongest is the bearer, then the ticket, then the browser session; a wrong one is
    refused even when another is right. A few queries for any number of tokens and tickets.
    """
    bearers, tickets = {}, {}
    answers: dict[int, Answer] = {}
    for number, proof in enumerate(proofs):
        if proof.bearer is not None:
            bearers[number] = proof.bearer
        elif proof.ticket is not None:
            tickets[number] = proof
        else:
            answers[number] = _by_browser_session(proof.session_key, now=now)
    answers |= _by_tokens(bearers, now=now) | _by_tickets(tickets, now=now)
    return [answers[number] for number in range(len(proofs))]


def _by_browser_session(session_key: str | None, *, now: datetime) -> Answer:
    if session_key is None:
        return NotSignedIn("NOT_SIGNED_IN", "Sign in first.")
    try:
        return grant_by_browser_session(session_key, now=now)
    except NotSignedIn as refusal:
        return refusal


def _by_tokens(tokens: Mapping[int, str], *, now: datetime) -> dict[int, Answer]:
    answers: dict[int, Answer] = {}
    claims: dict[int, AccessClaims] = {}
    for number, token in tokens.items():
        try:
            claims[number] = read_access_token(token)
        except NotSignedIn as refusal:
            answers[number] = refusal
    sessions = LoginSession.objects.with_readers({claim.session_id for claim in claims.values()})
    for number, claim in claims.items():
        answers[number] = _by_session(sessions.get(claim.session_id), claim, now=now)
    return answers


def _by_session(session: LoginSession | None, claim: AccessClaims, *, now: datetime) -> Answer:
    try:
        session = refuse_unusable(session, now=now)
    except NotSignedIn as refusal:
        return refusal
    return StreamGrant(
        user_id=session.user_id,
        is_admin=session.user.is_admin_reader,
        expires_at=claim.expires_at,
        stream_id=str(uuid7()),
        session_id=session.id,
    )


def _by_tickets(proofs: Mapping[int, StreamProof], *, now: datetime) -> dict[int, Answer]:
    """Each ticket starts its one stream, or resumes it."""
    if not proofs:
        return {}
    hashes = {number: hash_secret(proof.ticket or "") for number, proof in proofs.items()}
    rows = StreamTicket.objects.by_hash(hashes.values())
    answers: dict[int, Answer] = {}
    usable: dict[int, StreamTicket] = {}
    for number, proof in proofs.items():
        row = rows.get(hashes[number])
        if refusal := _refusal(row, proof, now=now):
            answers[number] = refusal
        elif row is not None:
            usable[number] = row
    return answers | _start_or_resume(usable, proofs, now=now)


def _start_or_resume(
    usable: Mapping[int, StreamTicket], proofs: Mapping[int, StreamProof], *, now: datetime
) -> dict[int, Answer]:
    first = {row.id: number for number, row in reversed(list(usable.items()))}
    until = now + settings.STREAM_TICKET_RESUME_TTL
    started = StreamTicket.objects.start(
        {row_id: proofs[number].resource for row_id, number in first.items()},
        resumable_until=until,
        now=now,
    )
    later = {n: row for n, row in usable.items() if row.id not in started or first[row.id] != n}
    as_it_is = StreamTicket.objects.in_bulk([row.id for row in later.values()])
    answers: dict[int, Answer] = {
        number: _grant(row, expires_at=until)
        for number, row in usable.items()
        if number not in later
    }
    for number, row in later.items():
        answers[number] = _resume(row, as_it_is.get(row.id), proofs[number].resource, now=now)
    return answers


def _refusal(row: StreamTicket | None, proof: StreamProof, *, now: datetime) -> NotSignedIn | None:
    # What the database cannot hold must not spoil the statement for the others.
    storable = len(proof.resource) <= RESOURCE_LENGTH and proof.resource.isprintable()
    if row is None or not storable:
        return NotSignedIn("TICKET_INVALID", "This stream ticket is not valid.")
    if not row.user.is_active or (row.session and not row.session.is_live(now=now)):
        return NotSignedIn("SESSION_ENDED", "You have signed out; sign in again.")
    return None


def _resume(
    row: StreamTicket, as_it_is: StreamTicket | None, resource: str, *, now: datetime
) -> Answer:
    until = None if as_it_is is None else as_it_is.resumable_until
    if as_it_is is None or until is None or until <= now:
        return NotSignedIn("TICKET_EXPIRED", "This stream ticket has expired.")
    if as_it_is.resource != resource:
        return NotSignedIn("TICKET_USED", "This ticket has opened another stream.")
    return _grant(row, expires_at=until)


def _grant(row: StreamTicket, *, expires_at: datetime) -> StreamGrant:
    return StreamGrant(
        user_id=row.user_id,
        is_admin=row.user.is_admin_reader,
        expires_at=expires_at,
        stream_id=str(row.id),
        session_id=row.session_id,
    )
