"""Who may open a stream: tickets, tokens, browser sessions."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import LoginSession, StreamTicket, User
from accounts.services import (
    StreamGrant,
    StreamProof,
    authenticate_stream,
    authenticate_streams,
    ended_grants,
)
from core.errors import NotSignedIn
from tests.accounts.conftest import Wallet, at_once

pytestmark = pytest.mark.django_db


def take_ticket(wallet: Wallet) -> str:
    response = wallet.post("stream-ticket", {}, access=wallet.sign_in()["access"])
    assert response["Cache-Control"] == "no-store"
    assert response.json()["expiresIn"] == 30
    ticket: str = response.json()["ticket"]
    return ticket


def in_(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)


def refusal(*, now: datetime | None = None, **proof: Any) -> str:
    with pytest.raises(NotSignedIn) as refused:
        by(now=now, **proof)
    return refused.value.code


def by(*, now: datetime | None = None, **proof: Any) -> StreamGrant:
    return authenticate_stream(StreamProof(**proof), now=now or timezone.now())


def test_a_ticket_starts_a_stream_of_its_user(wallet: Wallet) -> None:
    grant = by(ticket=take_ticket(wallet))
    assert grant.user_id == User.objects.get(wallet_address=wallet.address).id
    assert not grant.is_admin
    assert in_(590) < grant.expires_at <= in_(600)
    assert grant.session_id == LoginSession.objects.get().id


def test_a_ticket_resumes_the_same_stream_for_ten_minutes(wallet: Wallet) -> None:
    ticket = take_ticket(wallet)
    first = by(ticket=ticket, now=in_(0))
    assert by(ticket=ticket, now=in_(590)) == first
    assert refusal(ticket=ticket, now=in_(601)) == "TICKET_EXPIRED"


def test_a_ticket_must_start_within_thirty_seconds(wallet: Wallet) -> None:
    assert refusal(ticket=take_ticket(wallet), now=in_(31)) == "TICKET_EXPIRED"


def test_a_ticket_opens_no_second_resource(wallet: Wallet) -> None:
    ticket = take_ticket(wallet)
    by(ticket=ticket, resource="/api/v1/user/nft-events")
    assert refusal(ticket=ticket, resource="/api/v1/admin/events") == "TICKET_USED"
    by(ticket=ticket, resource="/api/v1/user/nft-events")


@pytest.mark.parametrize("ticket", ["", "x", "\x00", "\udc80", "é" * 500])
def test_an_unknown_ticket_is_refused(ticket: str) -> None:
    assert refusal(ticket=ticket) == "TICKET_INVALID"


def test_a_ticket_ends_with_its_session(wallet: Wallet) -> None:
    ticket = take_ticket(wallet)
    LoginSession.objects.get().end(LoginSession.EndReason.SIGNED_OUT, now=timezone.now())
    assert refusal(ticket=ticket) == "SESSION_ENDED"


def test_a_ticket_of_a_closed_account_is_refused(wallet: Wallet) -> None:
    ticket = take_ticket(wallet)
    User.objects.update(is_active=False)
    assert refusal(ticket=ticket) == "SESSION_ENDED"


def test_the_database_knows_only_the_hash_of_a_ticket(wallet: Wallet) -> None:
    ticket = take_ticket(wallet)
    row = StreamTicket.objects.values().get()
    assert ticket not in str(row)
    assert ticket not in repr(StreamTicket.objects.get())


@pytest.mark.django_db(transaction=True)
def test_a_ticket_used_by_many_at_once_is_still_one_stream(wallet: Wallet) -> None:
    ticket, now = take_ticket(wallet), timezone.now()
    grants = at_once(10, lambda _: by(ticket=ticket, now=now))
    assert len(set(grants)) == 1


def test_nobody_gets_a_ticket(client: Client) -> None:
    assert client.post("/api/auth/stream-ticket").status_code == 401


def test_a_bearer_token_opens_streams_until_it_expires(wallet: Wallet) -> None:
    access = wallet.sign_in()["access"]
    first, second = by(bearer=access), by(bearer=access)
    assert first.stream_id != second.stream_id
    assert in_(890) < first.expires_at <= in_(900)
    wallet.post("logout", {}, access=access)
    assert refusal(bearer=access) == "SESSION_ENDED"


def test_a_wrong_proof_is_not_rescued_by_a_right_one(wallet: Wallet) -> None:
    assert refusal(bearer="x", ticket=take_ticket(wallet)) == "TOKEN_INVALID"


def test_a_browser_session_opens_streams_until_it_ends(wallet: Wallet) -> None:
    wallet.sign_in("login")
    key = wallet.client.cookies["sessionid"].value
    grant = by(session_key=key)
    assert grant.user_id == User.objects.get().id
    assert grant.session_id == LoginSession.objects.get().id
    assert grant.expires_at == Session.objects.get().expire_date
    wallet.post("logout", {})
    assert refusal(session_key=key) == "SESSION_ENDED"


def test_staff_with_a_password_read_the_admins_stream(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root", "a long passphrase"))
    grant = by(session_key=client.cookies["sessionid"].value)
    assert grant.is_admin
    assert grant.session_id is None


def test_a_session_that_nobody_signed_into_is_refused(client: Client) -> None:
    session = client.session
    session["basket"] = 1
    session.save()
    assert refusal(session_key=session.session_key) == "SESSION_ENDED"


@pytest.mark.parametrize("key", ["", "\x00", "a" * 32, "a" * 4000])
def test_an_unknown_browser_session_is_refused(key: str) -> None:
    assert refusal(session_key=key) == "SESSION_ENDED"


def test_a_browser_session_of_a_closed_account_is_refused(wallet: Wallet) -> None:
    wallet.sign_in("login")
    User.objects.update(is_active=False)
    assert refusal(session_key=wallet.client.cookies["sessionid"].value) == "SESSION_ENDED"


def test_no_proof_is_refused() -> None:
    assert refusal() == "NOT_SIGNED_IN"


def test_grants_end_with_the_sign_in_the_browser_session_and_the_role(
    wallet: Wallet, client: Client, django_assert_num_queries
) -> None:
    token = wallet.sign_in()["access"]
    chief = User.objects.create_superuser("chief", "a long enough password")
    client.force_login(chief)
    by_token, by_cookie = by(bearer=token), by(session_key=client.session.session_key)
    with django_assert_num_queries(3):
        assert ended_grants(grants=[by_token, by_cookie], now=timezone.now()) == set()

    LoginSession.objects.update(ended_at=timezone.now(), end_reason="signed_out")
    assert ended_grants(grants=[by_token, by_cookie], now=timezone.now()) == {by_token.stream_id}

    User.objects.filter(id=chief.id).update(is_staff=False, is_superuser=False)
    assert ended_grants(grants=[by_cookie], now=timezone.now()) == {by_cookie.stream_id}
    User.objects.filter(id=chief.id).update(is_staff=True)
    assert ended_grants(grants=[by_cookie], now=timezone.now()) == set()
    User.objects.filter(id=chief.id).update(is_active=False)
    assert ended_grants(grants=[by_cookie], now=timezone.now()) == {by_cookie.stream_id}
    User.objects.filter(id=chief.id).update(is_active=True)
    client.logout()
    assert ended_grants(grants=[by_cookie], now=timezone.now()) == {by_cookie.stream_id}


def test_many_proofs_at_once_get_each_their_own_answer(wallet: Wallet) -> None:
    access, ticket, other = wallet.sign_in()["access"], take_ticket(wallet), take_ticket(wallet)
    proofs = [
        StreamProof(bearer=access),
        StreamProof(ticket="unknown"),
        StreamProof(ticket=ticket, resource="/a"),
        StreamProof(bearer="garbage"),
        StreamProof(ticket=ticket, resource="/b"),
        StreamProof(ticket=ticket, resource="/a"),
        StreamProof(ticket=other, resource="/b"),
        StreamProof(),
        StreamProof(bearer=access),
    ]
    answers = authenticate_streams(proofs, now=timezone.now())
    codes = [answer.code if isinstance(answer, NotSignedIn) else "" for answer in answers]
    assert codes == [
        "", "TICKET_INVALID", "", "TOKEN_INVALID", "TICKET_USED", "", "", "NOT_SIGNED_IN", "",
    ]  # fmt: skip
    grants = [answer for answer in answers if isinstance(answer, StreamGrant)]
    assert len({grant.user_id for grant in grants}) == 1
    assert len({grant.stream_id for grant in grants}) == 4  # the ticket's two are one stream


@pytest.mark.parametrize("resource", ["/x" * 500, "/\x00", "/\udc80"])
def test_a_path_that_cannot_be_kept_spoils_nobody_elses_stream(
    wallet: Wallet, resource: str
) -> None:
    odd = StreamProof(ticket=take_ticket(wallet), resource=resource)
    right = StreamProof(ticket=take_ticket(wallet), resource="/right")
    refused, granted = authenticate_streams([odd, right], now=timezone.now())
    assert isinstance(refused, NotSignedIn)
    assert isinstance(granted, StreamGrant)


def test_a_crowd_is_signed_in_by_a_few_queries(
    wallet: Wallet, django_assert_max_num_queries
) -> None:
    access = wallet.sign_in()["access"]
    tickets = [take_ticket(wallet) for _ in range(10)]
    proofs = [StreamProof(ticket=ticket) for ticket in tickets] + [StreamProof(bearer=access)] * 10
    with django_assert_max_num_queries(4):
        answers = authenticate_streams(proofs, now=timezone.now())
    assert all(isinstance(answer, StreamGrant) for answer in answers)


@pytest.mark.django_db(transaction=True)
def test_batches_with_the_same_tickets_in_any_order_start_each_once(wallet: Wallet) -> None:
    proofs = [StreamProof(ticket=take_ticket(wallet)) for _ in range(20)]
    now = timezone.now()

    def redeem(turn: int) -> list[StreamGrant | NotSignedIn]:
        return authenticate_streams(proofs[turn:] + proofs[:turn], now=now)

    found = [grant for batch in at_once(6, redeem) for grant in batch]
    assert {type(grant) for grant in found} == {StreamGrant}
    assert len(set(found)) == len(proofs)
