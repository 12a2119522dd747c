"""A person goes, every proof stays; what a hold keeps stays too; and it is all recorded."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from audit.handlers import AUDIT
from audit.leaves import PERSONAL
from audit.models import ChainTransaction, LegalHold, Record
from audit.noting import note_all
from audit.services import appending, erasing
from audit.services.appending import append_pending
from audit.services.erasing import erase_person
from audit.services.holding import place_hold, release_hold
from audit.services.retaining import apply_retention
from core.errors import Conflict, InvalidInput, NotFound
from core.ids import uuid7
from events.consumer import Consumer
from events.replay import replay_in_place
from events.selection import Selection
from events.sequencer import number_pending
from tests.audit.bundles import bundle, last_note, record, verify
from tests.events.facts import activate
from tests.events.notebooks import settle
from tests.nft.conftest import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("log")]


def everything() -> str:
    return " ".join(str(it.values()) for it in Record.objects.all())


def test_after_an_erasure_nothing_tells_of_them_and_old_proofs_are_valid(tmp_path: Path) -> None:
    person, other = make_user(), make_user()
    record("by them", actor=f"user:{person.id}", subject=str(other.id), after={"k": "kept"})
    ChainTransaction.objects.create(
        purpose="burn", signature="s", object="m", signer=person.wallet_address or "",
        user_id=person.id, at=timezone.now(),
    )  # fmt: skip
    bundle()
    before = last_note()

    assert erase_person(user_id=person.id, reason="ticket 9") == 2
    assert str(person.id) not in everything()
    assert str(person.wallet_address) not in everything()
    assert str(other.wallet_address) in everything()
    assert "kept" in everything()
    assert not ChainTransaction.objects.exclude(user_id=None, signer="").exists()
    assert verify(tmp_path, bundle(), seen=[before]).records == Record.objects.count()

    erased = Record.objects.get(what="accounts_user.insert", subject=None)
    assert not any(erased.values()[name] for name in PERSONAL)
    note = Record.objects.get(what="audit.erased")
    assert note.reason == "ticket 9"
    assert json.loads(note.after or "")["personal"] == [erased.index]
    assert erase_person(user_id=person.id, reason="again") == 0


def test_who_paid_stays_where_it_was_us() -> None:
    person, us = make_user(), "Our" * 11
    theirs = str(person.wallet_address)
    for signature, purpose, signer in (
        ("minted", "mint", us), ("own", "burn", theirs), ("given", "transfer", theirs),
        ("ours", "burn", us), ("ours", "sponsored_fee", us), ("vain", "sponsored_fee", us),
    ):  # fmt: skip
        ChainTransaction.objects.create(
            purpose=purpose, signature=signature, object="m", signer=signer,
            user_id=person.id, at=timezone.now(), failed=signature == "vain",
        )  # fmt: skip
    erase_person(user_id=person.id, reason="ticket 9")
    rows = ChainTransaction.objects.filter(user_id=None)
    assert dict(rows.exclude(purpose="sponsored_fee").values_list("signature", "signer")) == {
        "minted": us, "own": "", "given": "", "ours": us,
    }  # fmt: skip
    assert [it.signer for it in rows.filter(purpose="sponsored_fee")] == [us, us]


def test_events_that_the_log_has_still_to_record_are_recorded_without_an_erased_person(
    tmp_path: Path,
) -> None:
    person, other = make_user(), make_user()
    early = activate(person.id, "before")  # the group is behind
    bundle()
    before = last_note()
    erase_person(user_id=person.id, reason="ticket 9")
    late, others = activate(person.id, "after"), activate(other.id, "others")
    number_pending()
    settle(Consumer(AUDIT))
    whole = verify(tmp_path, bundle(), seen=[before])  # at once, with what explains the gaps

    assert str(person.id) not in everything()
    records = {it.event: it for it in Record.objects.filter(source="event")}
    assert len(records) == 3
    for event in (early, late):
        record = records[event.event_id]
        assert (record.what, record.subject, record.after) == ("badge_activated", None, None)
    assert records[others.event_id].subject == other.id
    notes = Record.objects.filter(what="audit.erased").order_by("index")
    assert [it.reason for it in notes] == ["ticket 9", "the person was erased before"]
    replay_in_place(group=AUDIT, selection=Selection())
    append_pending()
    assert Record.objects.count() == whole.size
    # What staff does to the closed account later is theirs, and stays.
    User.objects.filter(id=person.id).update(is_active=False)
    append_pending()
    assert Record.objects.filter(what="accounts_user.update", subject=person.id).exists()


def test_a_transaction_that_a_late_event_tells_of_is_nobody_s() -> None:
    person = uuid7()
    erase_person(user_id=person, reason="ticket 9")
    ChainTransaction.objects.create(
        purpose="burn", signature="s", object="m", signer="wallet", user_id=person,
        at=timezone.now(),
    )  # fmt: skip
    with transaction.atomic():
        note_all([{"source": "event", "what": "nft_burned", "subject": str(person)}])
    append_pending()
    row = ChainTransaction.objects.get()
    assert (row.user_id, row.signer) == (None, "")


def test_an_appender_that_looked_before_the_erasure_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person, calls = uuid7(), []

    def append() -> int:
        calls.append(1)
        if len(calls) == 2:  # it took this, and the erasure was not committed yet
            with transaction.atomic():
                note_all([{"source": "event", "what": "late", "subject": str(person)}])
            with monkeypatch.context() as blind:
                blind.setattr(appending, "erase_late", lambda **_: None)
                append_pending()
        return append_pending()

    monkeypatch.setattr(erasing, "append_pending", append)
    assert erase_person(user_id=person, reason="ticket 9") == 1
    assert str(person) not in everything()


def test_a_hold_that_came_after_an_erasure_keeps_what_comes_later(user: User) -> None:
    erase_person(user_id=user.id, reason="ticket 9")
    hold = place_hold(scope="user", value=str(user.id), reason="r", by="g", now=timezone.now())
    with transaction.atomic():
        note_all([{"source": "event", "what": "kept", "subject": str(user.id)}])
    append_pending()
    assert Record.objects.get(what="kept").subject == user.id
    release_hold(hold_id=hold.pk, reason="closed", by="g", now=timezone.now())
    assert erase_person(user_id=user.id, reason="ticket 10") == 1


def test_an_erasure_that_a_hold_refuses_erases_nothing_later_either(user: User) -> None:
    hold = place_hold(scope="user", value=str(user.id), reason="r", by="g", now=timezone.now())
    append_pending()
    with pytest.raises(Conflict):
        erase_person(user_id=user.id, reason="ticket 9")
    release_hold(hold_id=hold.pk, reason="closed", by="g", now=timezone.now())
    record("kept", source="event", subject=str(user.id))
    assert Record.objects.get(what="kept").subject == user.id


def test_a_held_person_is_not_erased_until_the_hold_is_released(user: User) -> None:
    hold = place_hold(
        scope="user", value=str(user.id), reason="case 1", by="grace", now=timezone.now()
    )
    with pytest.raises(Conflict, match="already"):
        place_hold(scope="user", value=str(user.id), reason="x", by="g", now=timezone.now())
    with pytest.raises(Conflict, match="legal hold"):
        erase_person(user_id=user.id, reason="ticket")
    append_pending()
    assert str(user.wallet_address) in everything()

    release_hold(hold_id=hold.pk, reason="closed", by="grace", now=timezone.now())
    with pytest.raises(NotFound):
        release_hold(hold_id=hold.pk, reason="closed", by="grace", now=timezone.now())
    assert erase_person(user_id=user.id, reason="ticket") == 1
    changes = Record.objects.filter(what__startswith="audit_legalhold.")
    assert [(it.what, it.reason) for it in changes.order_by("index")] == [
        ("audit_legalhold.insert", "case 1"), ("audit_legalhold.update", "closed"),
    ]  # fmt: skip


def test_an_erasure_and_a_hold_need_their_reasons(user: User) -> None:
    with pytest.raises(InvalidInput):
        erase_person(user_id=user.id, reason=" ")
    with pytest.raises(InvalidInput):
        place_hold(scope="user", value="", reason="r", by="g", now=timezone.now())
    with pytest.raises(InvalidInput):
        place_hold(scope="user", value="ann", reason="r", by="g", now=timezone.now())
    assert not LegalHold.objects.exists()


def test_retention_erases_what_is_older_and_not_held(tmp_path: Path, settings: Settings) -> None:
    old = (timezone.now() - timedelta(days=40)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    record("old", at=old, actor="user:a", object="t:1")
    record("held", at=old, actor="user:b", correlation="case")
    record("new", actor="user:c")
    place_hold(scope="correlation", value="case", reason="r", by="g", now=timezone.now())
    assert apply_retention(now=timezone.now()) == 0  # for ever is the default

    settings.AUDIT_RETENTION = timedelta(days=30)
    assert apply_retention(now=timezone.now()) == 1
    assert apply_retention(now=timezone.now()) == 0
    append_pending()
    actors = dict(Record.objects.filter(source="test").values_list("what", "actor"))
    assert actors == {"old": None, "held": "user:b", "new": "user:c"}
    verify(tmp_path, bundle())
    # What says that it was erased outlasts the retention as well.
    assert apply_retention(now=timezone.now() + timedelta(days=400)) > 0
    append_pending()
    verify(tmp_path, bundle())
