"""A person is erased everywhere at once. Looked for here in every column of every table."""

from io import StringIO
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import issue_nonce
from audit.handlers import AUDIT
from audit.services.appending import append_pending
from audit.services.holding import place_hold
from core.ids import uuid7
from events.consumer import Consumer
from events.groups import Replay
from events.models import Event
from nft.models import NftStatus, Tier
from notifications.handlers import fill_inboxes
from notifications.models import Delivery, Notification, PushSubscription, Recipient
from tests.audit.bundles import bundle, last_note, verify
from tests.events.notebooks import settle as settle_group
from tests.nft.conftest import make_nft, make_upgrade, make_user
from tests.notifications.parts import NOW, attempt, earn, reachable, settle
from tests.notifications.receivers import PostOffice, PushService

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("log")]

ADDRESS = "ada@example.org"
TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname IN ('public', 'audit')
"""


def erase(user: User) -> str:
    out = StringIO()
    call_command("erase_person", str(user.id), "--reason", "ticket 9", stdout=out)
    return out.getvalue()


def tables_with(text: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        names = [name for (name,) in cursor.fetchall()]
        found = set()
        for name in names:
            sql = f"SELECT EXISTS (SELECT FROM {name} AS it WHERE strpos(it::text, %s) > 0)"  # noqa: S608
            cursor.execute(sql, [text])
            if cursor.fetchone() == (True,):
                found.add(name)
    return found


@pytest.fixture
def person(office: PostOffice, push_service: PushService) -> User:
    """Somebody with an address, a browser, letters, a session, and a mark in the log."""
    user = make_user()
    reachable(user, ADDRESS)
    keys = push_service.browser().subscription
    PushSubscription.objects.create(
        user_id=user.id, endpoint=keys["endpoint"], created_at=NOW,
        endpoint_hash=PushSubscription.hash_of(keys["endpoint"]), **keys["keys"],
    )  # fmt: skip
    earn(user, name="Ada's Badge")
    settle()
    Client().force_login(user)
    issue_nonce(wallet_address=str(user.wallet_address), requester="r", browser_secret="b", now=NOW)
    for delivery in Delivery.objects.all():
        attempt(delivery, now=delivery.next_run_at)
    return user


def test_nothing_tells_of_somebody_who_was_erased_and_proofs_stay_valid(
    person: User, tmp_path: Path
) -> None:
    other = make_user()
    reachable(other, "bob@example.org")
    endpoint = PushSubscription.objects.get().endpoint
    names = [str(person.wallet_address), ADDRESS, endpoint]
    settle_group(Consumer(AUDIT))
    append_pending()
    wallet, address, browser = before = [tables_with(name) for name in names]
    assert all(before)
    assert "audit.record" in wallet
    assert not {"audit.record", "audit.pending"} & (address | browser)
    bundle()
    kept = last_note()

    assert "1 notifications are gone" in erase(person)

    assert [tables_with(name) for name in names] == [set(), set(), set()]
    assert tables_with("bob@example.org")
    verify(tmp_path, bundle(), seen=[kept])
    person.refresh_from_db()
    assert (person.is_active, person.wallet_address) == (False, None)
    assert not Notification.objects.exists()
    assert not Delivery.objects.exists()
    assert "0 notifications are gone" in erase(person)


def test_what_staff_did_to_an_erased_person_stays_without_their_wallet(
    person: User, client: Client
) -> None:
    client.force_login(User.objects.create_superuser("grace", "correct horse battery"))
    page = f"/admin/accounts/user/{person.id}/change/"
    client.post(page, {"is_active": "", "reason": "spam"})
    wallet = str(person.wallet_address)
    assert "public.django_admin_log" in tables_with(wallet)
    erase(person)
    assert tables_with(wallet) == set()
    entry = LogEntry.objects.get(object_id=str(person.id))
    assert (entry.object_repr, entry.change_message.endswith("spam")) == (f"user {person.id}", True)


def test_neither_a_late_event_nor_a_replay_tells_an_erased_person_anything(person: User) -> None:
    erase(person)
    earn(person)
    settle()
    fill_inboxes(list(Event.objects.all()), Replay(group="notifications"))
    assert not Notification.objects.exists()
    assert Recipient.objects.get(user_id=person.id).mail_address == ""


def test_nobody_is_erased_whose_upgrade_is_under_way_or_who_is_held(
    tiers: list[Tier],
) -> None:
    upgrading, held, staff = make_user(), make_user(), make_user()
    make_upgrade(upgrading, make_nft(upgrading, 1))
    place_hold(scope="user", value=str(held.id), reason="case", by="grace", now=timezone.now())
    User.objects.filter(id=staff.id).update(is_staff=True)
    append_pending()
    with pytest.raises(CommandError, match="under way"):
        erase(upgrading)
    with pytest.raises(CommandError, match="legal hold"):
        erase(held)
    with pytest.raises(CommandError, match="staff"):
        erase(staff)
    with pytest.raises(CommandError, match="no such user"):
        erase(User(id=uuid7()))
    names = User.objects.filter(wallet_address__isnull=False, is_active=True)
    assert {upgrading, held, staff} <= set(names)


def test_a_wallet_with_an_nft_of_ours_stays_until_that_has_left(tiers: list[Tier]) -> None:
    user = make_user()
    nft = make_nft(user, 1)
    assert "stays while it holds" in erase(user)
    user.refresh_from_db()
    assert (user.is_active, user.wallet_address is None) == (False, False)
    type(nft).objects.filter(id=nft.id).update(status=NftStatus.TRANSFERRED)
    assert "stays" not in erase(user)
    user.refresh_from_db()
    assert user.wallet_address is None
