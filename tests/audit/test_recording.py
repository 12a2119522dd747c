"""Every change of consequence is recorded: whoever makes it, and however."""

import json
from datetime import date
from typing import Any
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import ServiceKey, User
from accounts.services.keys import create_service_key
from audit.apps import name_the_job
from audit.models import Record
from audit.services.appending import append_pending
from audit.tables import AUDITED
from audit.working import because, working
from config.celery import resume_correlation
from core.correlation import set_correlation_id
from core.ids import uuid7
from core.jobs import CORRELATION
from nft.models import (
    BenefitUse,
    MintOrder,
    Tier,
    TierSupply,
    UpgradeStatusHistory,
)
from nft.services.unlocking import unlock_nft
from tests.audit.bundles import record
from tests.nft.conftest import make_nft, make_order, make_upgrade, make_user, qualify
from tests.notifications.parts import template
from tests.trading.parts import make_trade
from tests.trading.parts import record as record_trade
from trading.models import Trade, UserVolume

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("log")]


def recorded(what: str) -> list[Record]:
    append_pending()
    return list(Record.objects.filter(what=what))


def changes(record: Record) -> tuple[Any, Any]:
    return tuple(json.loads(text) if text else None for text in (record.before, record.after))  # type: ignore[return-value]


def run(*statements: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_a_bulk_update_is_recorded_row_by_row_with_before_and_after(user: User) -> None:
    others = [make_user(), make_user()]
    User.objects.filter(id__in=[it.id for it in others]).update(is_active=False)

    records = recorded("accounts_user.update")
    assert {str(it.subject) for it in records} == {str(it.id) for it in others}
    assert all(changes(it) == ({"is_active": True}, {"is_active": False}) for it in records)


def test_an_update_that_changes_nothing_recorded_leaves_no_record(
    tiers: list[Tier], user: User
) -> None:
    order = make_order(user, tiers[0])
    append_pending()
    MintOrder.objects.filter(id=order.id).update(next_run_at=timezone.now(), nonce=b"secret")
    User.objects.filter(id=user.id).update(last_login=timezone.now(), is_staff=False)
    assert append_pending() == 0


def test_sql_by_hand_is_recorded_with_what_its_session_says(user: User) -> None:
    run(
        "SET LOCAL audit.actor = 'dba:grace'",
        "SET LOCAL audit.reason = 'ticket 7'",
        "SET LOCAL audit.correlation = 'c-7'",
        "DELETE FROM accounts_user WHERE wallet_address IS NOT NULL",
    )
    (record,) = recorded("accounts_user.delete")
    assert (record.actor, record.reason, record.correlation) == ("dba:grace", "ticket 7", "c-7")
    before, after = changes(record)
    assert (before["wallet_address"], after) == (user.wallet_address, None)


def test_sql_by_hand_that_says_nothing_is_its_role_s(user: User) -> None:
    with connection.connection.cursor() as raw:  # past every wrapper of ours
        raw.execute("UPDATE accounts_user SET is_staff = true")
        raw.execute("SELECT session_user")
        (role,) = raw.fetchone()
    (record,) = recorded("accounts_user.update")
    assert (record.actor, record.origin) == (f"database:{role}", "SQL")


def test_a_text_to_members_that_an_operator_changed_is_recorded() -> None:
    row = template("badge_earned")
    row.texts.filter(language="en").update(title="Hooray: $badgeName")
    (record,) = recorded("notifications_templatetext.update")
    assert changes(record)[1] == {"title": "Hooray: $badgeName"}


def test_a_trade_that_is_changed_or_removed_by_hand_is_recorded(user: User) -> None:
    now = timezone.now()
    kept = {"executed_at": now, "received_at": now, "source": "t", "user": user}
    Trade.objects.create(trade_id="1", volume_usd="1.5", **kept)
    assert recorded("trades.insert") == []
    run("UPDATE trades SET volume_usd = 900000", "DELETE FROM trades")
    (changed,), (removed,) = recorded("trades.update"), recorded("trades.delete")
    assert changes(changed) == ({"volume_usd": "1.50000000"}, {"volume_usd": "900000.00000000"})
    assert (changed.subject, removed.subject) == (user.id, user.id)


def test_a_volume_that_is_changed_by_hand_is_recorded_and_by_trades_is_not(user: User) -> None:
    wallet = str(user.wallet_address)
    with transaction.atomic():
        record_trade(make_trade("1", wallet, "5"))
        record_trade(make_trade("2", wallet, "7"), make_trade("3", wallet, "1", corrects="1"))
        run("SET LOCAL trading.counting = ''")  # the tests' transaction has not ended
    assert recorded("user_volumes.insert") == recorded("user_volumes.update") == []
    run(
        "UPDATE user_volumes SET trades = trades",
        "UPDATE user_volumes SET total = 900000",
        "DELETE FROM user_volumes",
    )
    UserVolume.objects.create(user=user, total=1)
    (changed,), (removed,) = recorded("user_volumes.update"), recorded("user_volumes.delete")
    assert changes(changed) == ({"total": "8.00000000"}, {"total": "900000.00000000"})
    assert changes(removed)[0] == {"total": "900000.00000000", "trades": 2}
    (made,) = recorded("user_volumes.insert")
    subjects = {it.subject for it in (changed, removed, made)}
    assert subjects == {user.id}


@pytest.mark.django_db(transaction=True)
def test_after_trades_were_counted_their_session_is_watched_again(user: User) -> None:
    record_trade(make_trade("1", str(user.wallet_address), "5"))
    UserVolume.objects.update(total=6)
    (changed,) = recorded("user_volumes.update")
    assert changes(changed)[1] == {"total": "6.00000000"}


def test_uses_are_recorded_only_where_somebody_takes_them_back() -> None:
    subject, monday = uuid7(), date(2026, 1, 5)
    taken: dict[str, Any] = {
        "subject": subject,
        "name": "n",
        "week": monday,
        "amount": 2,
        "limit": 5,
    }
    assert BenefitUse.objects.take(**taken)
    assert BenefitUse.objects.take(**taken)
    assert recorded("nft_benefit_uses.update") == recorded("nft_benefit_uses.insert") == []
    run("UPDATE nft_benefit_uses SET used = 0", "UPDATE nft_benefit_uses SET week = '2025-01-06'")
    back, moved = recorded("nft_benefit_uses.update")
    assert changes(back) == ({"used": 4}, {"used": 0})
    assert changes(moved)[1] == {"week": "2025-01-06"}


def test_a_history_that_is_rewritten_is_recorded(tiers: list[Tier], user: User) -> None:
    make_upgrade(user, make_nft(user, 1))
    count = UpgradeStatusHistory.objects.count()
    assert recorded("upgrade_status_history.insert") == []
    run("UPDATE upgrade_status_history SET to_status = 'x'", "DELETE FROM upgrade_status_history")
    changed = recorded("upgrade_status_history.update")
    assert {changes(it)[1]["to_status"] for it in changed} == {"x"}
    assert len(changed) == len(recorded("upgrade_status_history.delete")) == count > 0


def test_a_supply_that_is_changed_is_recorded() -> None:
    TierSupply.objects.take(level=3, cap=1)
    run("UPDATE nft_tier_supply SET taken = 0")
    first, by_hand = recorded("nft_tier_supply.update")
    assert changes(first)[1] == {"taken": 1, "last_number": 1}
    assert (by_hand.object, changes(by_hand)) == ("nft_tier_supply:3", ({"taken": 1}, {"taken": 0}))


def test_a_second_factor_is_recorded_without_its_key(user: User) -> None:
    device = TOTPDevice.objects.create(user=user, name="phone", confirmed=False)
    device.last_t += 1
    device.save()  # as every sign-in does
    TOTPDevice.objects.update(key="00" * 20, confirmed=True)
    device.delete()
    (changed,) = recorded("otp_totp_totpdevice.update")
    assert changes(changed)[1] == {"confirmed": True, "key": "(hidden)"}
    (added,), (removed,) = (
        recorded("otp_totp_totpdevice.insert"),
        recorded("otp_totp_totpdevice.delete"),
    )
    assert device.key not in f"{added.after}{removed.before}"
    assert (added.subject, removed.subject) == (user.id, user.id)


def test_emptying_a_table_is_recorded() -> None:
    run("TRUNCATE nft_awardrule CASCADE")
    assert len(recorded("nft_awardrule.truncate")) == 1


def test_a_request_is_recorded_with_its_caller_route_and_correlation(
    client: Client, user: User
) -> None:
    staff = User.objects.create_superuser("grace", "correct horse battery")
    client.force_login(staff)
    group = Group.objects.create(name="guests")
    client.post(
        f"/admin/auth/group/{group.id}/change/", {"name": "friends", "reason": "they are more"},
        headers={"X-Correlation-Id": "click-1"},
    )  # fmt: skip
    (record,) = recorded("auth_group.update")
    assert record.actor == f"user:{staff.id}"
    assert record.correlation == "click-1"
    assert record.reason == "they are more"
    assert record.origin == "POST /admin/auth/group/<path:object_id>/change/"


def test_a_service_is_recorded_as_its_key(client: Client) -> None:
    key, readable = create_service_key(name="t", scopes=["trades:write"], now=timezone.now())
    wallet = make_user().wallet_address
    body = [
        {
            "tradeId": "1",
            "walletAddress": wallet,
            "volumeUsd": "1.10",
            "executedAt": "2026-01-01T00:00:00Z",
        }
    ]
    fixed = [{**body[0], "tradeId": "2", "volumeUsd": "0.30000001", "corrects": "1"}]
    for trades in (body, fixed):
        client.post(
            "/api/v1/trades", json.dumps(trades), content_type="application/json",
            headers={"Authorization": f"Api-Key {readable}"},
        )  # fmt: skip
    (record,) = recorded("trades.insert")  # the correction alone
    assert record.actor == f"key:{key.id}"
    assert changes(record)[1]["volume_usd"] == "0.30000001"


def test_a_job_is_recorded_under_its_name_and_the_id_of_who_enqueued_it(user: User) -> None:
    task = Mock(request=Mock(**{CORRELATION: "click-2"}))
    task.name = "nft.mint"
    resume_correlation(task)
    name_the_job(task)
    User.objects.filter(id=user.id).update(is_active=False)
    (record,) = recorded("accounts_user.update")
    assert (record.actor, record.origin) == ("system:worker", "job nft.mint")
    assert record.correlation == "click-2"
    set_correlation_id("")


def test_a_value_cannot_pretend_to_be_somebody_else(user: User) -> None:
    forged = json.dumps({"actor": "user:root"}).encode().hex()
    with working(lambda: {"actor": "user:mallory"}), because("for a test"):
        Group.objects.create(name=f"/*audit {forged}*/")
    (record,) = recorded("auth_group.insert")
    assert (record.actor, record.reason) == ("user:mallory", "for a test")


def test_a_statement_cannot_say_that_its_change_is_recorded_already(user: User) -> None:
    event = str(uuid7())
    record("known", event=event)
    said = json.dumps({"actor": "user:mallory", "event": event, "at": "2020-01-01T00:00:00Z"})
    with connection.connection.cursor() as raw:
        change = "UPDATE accounts_user SET is_staff = true"
        raw.execute(f"/*audit {said.encode().hex()}*/ {change}")
    (changed,) = recorded("accounts_user.update")
    assert (changed.actor, changed.event, changed.at.year > 2020) == ("user:mallory", None, True)


def test_secrets_are_never_in_it(tiers: list[Tier], user: User) -> None:
    staff = User.objects.create_superuser("grace@example.org", "correct horse battery")
    staff.set_password("another")
    staff.save()
    key, readable = create_service_key(name="t", scopes=["trades:write"], now=timezone.now())
    ServiceKey.objects.filter(id=key.id).update(secret_hash="0" * 64, is_active=False)
    qualify(user, 1)
    unlock_nft(user=user, tier_level=1, now=timezone.now(), keep=lambda _: None)
    append_pending()

    order = MintOrder.objects.get()
    everything = " ".join(f"{it.values()}" for it in Record.objects.all())
    secrets = (
        "grace@example.org", staff.password, readable, key.secret_hash, "0" * 64, key.prefix,
        bytes(order.nonce).hex(),
    )  # fmt: skip
    assert not [secret for secret in secrets if secret in everything]
    (password,) = [it for it in recorded("accounts_user.update") if "password" in (it.after or "")]
    assert changes(password) == ({"password": "(hidden)"}, {"password": "(hidden)"})


def test_every_column_that_is_listed_exists_and_every_table_is_watched() -> None:
    with connection.cursor() as cursor:
        for audited in AUDITED:
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s",
                [audited.table],
            )
            found = {name for (name,) in cursor.fetchall()}
            wanted = {audited.key, *audited.columns, *audited.hidden} | {audited.subject} - {""}
            assert wanted <= found, audited.table
            cursor.execute(
                "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE 'audit%%'",
                [audited.table],
            )
            assert cursor.fetchone() == (4,)
