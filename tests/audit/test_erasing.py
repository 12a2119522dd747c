"""A person goes, every proof stays; what a hold keeps stays too; and it is all recorded."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from audit.leaves import PERSONAL
from audit.models import ChainTransaction, LegalHold, Record
from audit.services.appending import append_pending
from audit.services.erasing import erase_person
from audit.services.holding import place_hold, release_hold
from audit.services.retaining import apply_retention
from core.errors import Conflict, InvalidInput, NotFound
from tests.audit.bundles import bundle, last_note, record, verify
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
