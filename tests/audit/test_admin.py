"""The auditor sees everything and changes nothing; and that they looked is recorded."""

import json
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from audit.models import Checkpoint, Record
from audit.services.appending import append_pending
from core.metrics import database_state
from tests.audit.bundles import bundle, record, verify
from tests.nft.conftest import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("log")]

PAGES = ("record", "checkpoint", "anchor", "chaintransaction", "legalhold")


def sign_in(client: Client, *codenames: str) -> User:
    staff = User.objects.create_superuser("grace", "correct horse battery")
    staff.is_superuser = False
    staff.save()
    staff.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(staff)
    return staff


def test_an_auditor_sees_every_page_and_can_change_none(client: Client) -> None:
    auditor = sign_in(client, *(f"view_{page}" for page in PAGES))
    record("a", actor="user:x", correlation="c-1", after={"note": "<script>alert(1)</script>"})
    bundle()
    for name in PAGES:
        assert client.get(f"/admin/audit/{name}/").status_code == 200
        assert client.get(f"/admin/audit/{name}/add/").status_code == 403
        assert client.post(f"/admin/audit/{name}/add/").status_code == 403
    index = Record.objects.get(what="a").index
    page = client.get(f"/admin/audit/record/{index}/change/")
    assert "<script>alert(1)" not in page.content.decode()
    assert client.post(f"/admin/audit/record/{index}/change/", {"actor": "y"}).status_code == 403
    assert client.post(f"/admin/audit/record/{index}/delete/").status_code == 403
    story = client.get("/admin/audit/record/timeline/?kind=correlation&value=c-1").content.decode()
    assert f"checkpoint {index + 2}" in story  # with the export
    assert "<script>alert(1)" not in story

    append_pending()
    seen = Record.objects.filter(source="audit", actor=f"user:{auditor.id}")
    assert list(seen.order_by("index").values_list("what", flat=True)) == [
        "audit.list_seen", "audit.transactions_seen", "audit.record_seen", "audit.timeline_seen",
    ]  # fmt: skip
    (looked,) = seen.filter(what="audit.timeline_seen")
    assert json.loads(looked.after or "") == {"kind": "correlation", "value": "c-1"}


def test_a_superuser_cannot_change_it_either(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root", "correct horse battery"))
    record("a")
    assert client.post("/admin/audit/record/0/delete/").status_code == 403
    assert client.post("/admin/audit/record/add/").status_code == 403


def test_staff_without_the_permission_see_nothing(client: Client) -> None:
    sign_in(client)
    for page in PAGES:
        assert client.get(f"/admin/audit/{page}/").status_code == 403
    assert client.get("/admin/audit/record/timeline/?kind=user&value=x").status_code == 403
    client.logout()
    assert client.get("/admin/audit/record/timeline/").status_code == 302


def test_a_persons_timeline_is_recorded_so_that_it_can_be_erased(client: Client) -> None:
    sign_in(client, "view_record")
    person = make_user()
    url = "/admin/audit/record/timeline/"
    shown = client.get(url, {"kind": "user", "value": str(person.id)}).content.decode()
    assert "accounts_user.insert" not in shown  # it waits for its place
    append_pending()
    shown = client.get(url, {"kind": "user", "value": str(person.id)}).content.decode()
    assert "accounts_user.insert" in shown
    assert "This is not an id" in client.get(url, {"kind": "user", "value": "x"}).content.decode()
    append_pending()
    for looked in Record.objects.filter(what="audit.timeline_seen"):
        assert (str(looked.subject), looked.after) == (str(person.id), '{"kind":"user"}')


def test_an_id_spelled_another_way_neither_stops_the_log_nor_breaks_its_proofs(
    client: Client, tmp_path: Path
) -> None:
    sign_in(client, "view_record")
    person = make_user()
    for value in (person.id.hex, str(person.id).upper(), person.id.urn):
        client.get("/admin/audit/record/timeline/", {"kind": "user", "value": value})
    append_pending()
    seen = Record.objects.filter(what="audit.timeline_seen")
    assert [it.subject for it in seen] == [person.id] * 3
    verify(tmp_path, bundle())


def metrics() -> dict[str, float]:
    families = database_state.collect()
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_the_metrics_tell_what_waits() -> None:
    record("a")
    found = metrics()
    assert found["aiw3_audit_records"] == found["aiw3_audit_unsigned_records"] == 1
    assert 0 < found["aiw3_audit_unsigned_seconds"] < 60
    bundle()  # which signs
    assert metrics()["aiw3_audit_unsigned_seconds"] == 0
    assert found["aiw3_audit_pending_seconds"] == found["aiw3_audit_anchors_waiting"] == 0


def test_a_record_is_downloaded_with_its_proof_and_that_is_recorded(
    client: Client, tmp_path: Path
) -> None:
    auditor = sign_in(client, "view_record")
    record("a", "b", correlation="c-2")
    page = client.get("/admin/audit/record/1/change/").content.decode()
    assert "Download with its proof" in page
    url = "/admin/audit/record/proof/"
    answer = client.post(url, {"kind": "record", "value": "1"})
    assert answer["Content-Disposition"].startswith("attachment")
    assert verify(tmp_path, answer.content, part=True).records == 1
    both = client.post(url, {"kind": "correlation", "value": "c-2"})
    assert verify(tmp_path, both.content, part=True).records == 2

    seen = Checkpoint.objects.earliest("size")
    again = client.post(url, {"kind": "record", "value": "1", "seen": str(seen.size)})
    verify(tmp_path, again.content, part=True, seen=[seen.note])

    for wrong in (
        {},
        {"kind": "record", "value": "x"},
        {"kind": "record", "value": "1", "seen": "99"},
        {"kind": "nft", "value": "x"},
    ):
        refused = client.post(url, wrong)
        assert (refused.status_code, refused["Location"]) == (302, "/admin/audit/record/timeline/")
    client.post(url, {"kind": "user", "value": str(auditor.id)})
    append_pending()
    exports = Record.objects.filter(what="audit.exported", actor=f"user:{auditor.id}")
    told = [json.loads(it.after or "") for it in exports.order_by("index")]
    assert told[0] == {"kind": "record", "value": "1"}
    assert told[-1] == {"kind": "user"}  # the person would outlive their erasure here
    assert client.get(url).status_code == 405
    client.force_login(make_user())
    assert client.post(url, {"kind": "record", "value": "1"}).status_code == 302
