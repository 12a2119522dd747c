"""One upgrade, followed by an auditor in the admin from the click to the proof, by one id."""

import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from audit.notes import NoteSigner
from demo.configuration import APPLICATION_ROLE
from tests.e2e.conftest import QuickSystem
from tests.e2e.mail import give_address, letters_to
from tests.e2e.member import Member
from tests.e2e.staff import Staff
from tools.verify_audit import verify_file

pytestmark = pytest.mark.e2e

CLICK = "click-4711"
WHEN, WHAT, OBJECT, WHO, WHY, BEFORE, AFTER, CORRELATION, PROOF = range(9)
# A session that is just being opened has a database before it has a user.
AT_WORK = """
SELECT DISTINCT usename FROM pg_stat_activity
WHERE datname = current_database() AND usename IS NOT NULL
"""
Rows = list[list[str]]


def test_an_auditor_follows_an_upgrade_from_the_click_to_its_proof_by_one_id(
    system: QuickSystem, member: Member, tmp_path: Path
) -> None:
    give_address(system, member, "ada@example.org")
    nft_id = member.unlock()
    started = member.start(nft_id, correlation=CLICK)
    member.burn(started)
    member.read(started["links"]["events"], until="upgrade_completed")

    with Staff(system) as auditor:
        make_auditor(system, auditor)
        story = seen(auditor, is_whole)
        proof = auditor.submit(
            "/admin/audit/record/proof/", {"kind": "correlation", "value": CLICK}
        )
    upgrade = member.get(started["links"]["self"])

    assert [row[WHEN] for row in story] == sorted(row[WHEN] for row in story)
    assert {row[CORRELATION] for row in story} - {""} == {CLICK}
    records = [row for row in story if row[PROOF]]
    assert records[0][WHO].endswith("POST /api/nft/upgrade")
    places = [max(n for n, row in enumerate(story) if is_there(row)) for is_there in IN_ORDER]
    assert places == sorted(places)
    signatures = {row[AFTER] for row in story if row[WHAT].startswith("chain.")}
    assert signatures == {upgrade["burnSignature"], upgrade["mintSignature"]}
    letters = letters_to(system, "ada@example.org", at_least=3)
    assert letters[-1]["Subject"] == "Upgrade complete"

    bundle = tmp_path / "proof.jsonl"
    bundle.write_bytes(proof.content)
    found = verify_file(bundle, [key_of(system)], part=True)
    assert found.records == len(records)
    shown = " ".join(row[PROOF] for row in records)
    assert any(memo.signature in shown for memo in found.anchors)


def told(what: str, after: str = "") -> Callable[[list[str]], bool]:
    return lambda row: row[WHAT] == what and after in row[AFTER]


IN_ORDER = [
    told("upgrade_requests.insert", "awaiting_burn"),  # the click
    told("upgrade_initiated"),
    told("upgrade_requests.update", "verifying_burn"),
    told("nft_burned"),
    told("burn_confirmed"),
    told("nft_minted"),
    told("upgrade_completed"),
    told("notification_created", "Upgrade complete"),
    told("delivery.email.attempt", "sent"),
]


def is_whole(story: Rows) -> bool:
    """The last letter is out, and all of it stands on the chain."""
    records = [row for row in story if row[PROOF]]
    return (
        all("anchored by" in row[PROOF] for row in records)
        and all(any(map(is_there, story)) for is_there in IN_ORDER)
        and not any(told("delivery.email", "waiting")(row) for row in story)
    )


def seen(auditor: Staff, is_enough: Callable[[Rows], bool]) -> Rows:
    for _ in range(200):
        story = auditor.timeline(CLICK)
        if is_enough(story):
            return story
        time.sleep(0.2)
    raise AssertionError("\n".join(map(str, story)))


def make_auditor(system: QuickSystem, auditor: Staff) -> None:
    """Somebody with a wallet, to whom the chief gives the role."""
    person = Member(system)
    person.http = auditor.http
    user_id = person.sign_in_by_browser()
    with Staff(system) as chief:
        chief.sign_in(system.values["DEMO_ADMIN_USER"], system.values["DEMO_ADMIN_PASSWORD"])
        chief.make_auditor(user_id)


def test_the_running_applications_can_neither_change_nor_empty_the_log(
    system: QuickSystem,
) -> None:
    with psycopg.connect(system.application_environment()["DATABASE_URL"]) as session:
        at_work = session.execute(AT_WORK).fetchall()
        assert at_work == [(APPLICATION_ROLE,)]
        for change in ("UPDATE audit.record SET actor = ''", "TRUNCATE audit.record"):
            with pytest.raises(InsufficientPrivilege), session.transaction():
                session.execute(change)


def key_of(system: QuickSystem) -> str:
    """As `manage.py audit key` prints it."""
    name, key = (system.environment()[f"AUDIT_{it}"] for it in ("LOG_NAME", "SIGNING_KEYS"))
    return NoteSigner(name, bytes.fromhex(key.removeprefix("1:"))).verifier_key()
