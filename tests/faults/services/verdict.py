"""Compares what the killed services left with a replay from zero, and with what the rules say."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from analytics.models import BoardChange
from analytics.services.board_cache import edition, not_ready
from analytics.services.boards import running_boards
from analytics.services.keeping import keep_boards
from analytics.services.proving import verify_boards
from analytics.services.rebuilding import SHADOW
from audit.models import Head, Record
from audit.services.appending import append_pending
from audit.services.checkpoints import log_signers
from core.redis import redis_client
from events.models import DeadLetter, Event
from notifications.kinds import KINDS, Priority
from notifications.models import Delivery, DeliveryStatus, Notification, Recipient
from tests.faults.chaos.cluster import wait_until
from tests.faults.services.digests import (
    Digest,
    analytics_digests,
    audit_digests,
    notifications_digest,
)
from tests.faults.services.truth import (
    begin_audit_anew,
    changes_recorded,
    changes_seen,
    empty_notifications,
)
from tests.notifications.receivers import PostOffice
from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[3]
VERIFIER = ROOT / "tools" / "verify_audit.py"


@dataclass
class Verdict:
    """`hashes` are (table, after the kills, of a replay from zero)."""

    hashes: list[tuple[str, Digest, Digest]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)

    def same(self, what: str, killed: Digest, calm: Digest) -> None:
        self.hashes.append((what, killed, calm))
        if killed != calm:
            self.breaches.append(f"{what} differs: {killed} after the kills, {calm} in calm")

    def equal(self, what: str, found: Counter[Any], expected: Counter[Any]) -> None:
        self.counts[what] = found.total()
        for kind, left in (("missing", expected - found), ("too many", found - expected)):
            if left:
                self.breaches.append(f"{what}: {left.total()} {kind}, as {next(iter(left))}")

    def must(self, holds: bool, breach: str) -> None:
        if not holds:
            self.breaches.append(breach)


def judge(office: PostOffice, folder: Path, *, poisoned: int) -> Verdict:
    """Everything has been handled and nothing is written any more. Empties tables on its way."""
    verdict = Verdict()
    _judge_letters(verdict, poisoned)
    _judge_analytics(verdict)
    _judge_notifications(verdict, office)
    _judge_audit(verdict, folder)
    return verdict


def _judge_letters(verdict: Verdict, poisoned: int) -> None:
    """One dead letter an event that nobody can count, and none beside."""
    letters = [f"{it.group} {it.type}: {it.error}" for it in DeadLetter.objects.all()]
    expected = [it for it in letters if it.startswith("analytics upgrade_completed: ")]
    verdict.counts["dead letters, of poisoned events"] = len(expected)
    verdict.must(len(expected) == poisoned, f"{poisoned} events were poisoned, dead: {expected}")
    verdict.breaches += [f"dead letter: {it}" for it in letters if it not in expected]


# --- analytics


def _judge_analytics(verdict: Verdict) -> None:
    replay("analytics", "--into", "shadow")
    killed, calm = analytics_digests(), analytics_digests(schema=SHADOW)
    for table, digest in killed.items():
        verdict.same(table, digest, calm[table])
    replay("analytics")
    verdict.must(analytics_digests() == killed, "a replay changed the figures")
    wait_until(_boards_are_kept, "leaderboards in Redis", seconds=PATIENCE)
    for found in verify_boards(now=timezone.now()):
        name = f"boards equal to {found.what}"
        verdict.counts[name] = verdict.counts.get(name, 0) + found.rows
        verdict.must(not found.wrong, f"{found.wrong} standings differ from {found.what}: {found}")
    verdict.must("boards equal to redis" in verdict.counts, "no board of Redis was compared")


def _boards_are_kept() -> bool:
    """A killed worker may have left its lock."""
    keep_boards(now=timezone.now())
    boards = running_boards(timezone.now())
    lacking = not_ready(redis_client(), boards, number=edition())
    return not lacking and not BoardChange.objects.exists()


# --- notifications


def _judge_notifications(verdict: Verdict, office: PostOffice) -> None:
    concerning = Event.objects.filter(type__in=KINDS, user_id__isnull=False)
    verdict.equal(
        "notifications",
        Counter(Notification.objects.values_list("event_id", "user_id")),
        Counter(concerning.values_list("event_id", "user_id")),
    )
    shown = Notification.objects.filter(in_inbox=True).values_list("event_id", flat=True)
    told = Event.objects.filter(type="notification_created").values_list(
        "data__causedBy", flat=True
    )
    verdict.equal("told to browsers", Counter(told), Counter(map(str, shown)))
    _judge_deliveries(verdict, office)
    killed = _nothing_changes(verdict, office)
    empty_notifications()
    replay("notifications")
    verdict.same(Notification._meta.db_table, killed, notifications_digest())


def _judge_deliveries(verdict: Verdict, office: PostOffice) -> None:
    """One for each notification that is worth a letter; each sent, and received as one letter."""
    with_mail = Recipient.objects.filter(email_verified_at__isnull=False).values("user_id")
    worth = Notification.objects.exclude(priority=Priority.LOW).filter(user_id__in=with_mail)
    verdict.equal(
        "deliveries",
        Counter(Delivery.objects.values_list("notification_id", flat=True)),
        Counter(worth.values_list("id", flat=True)),
    )
    unsent = Delivery.objects.exclude(status=DeliveryStatus.SENT).count()
    verdict.must(not unsent, f"{unsent} deliveries were not sent")
    keys = Counter(_key_of(letter) for letter in office.letters)
    verdict.equal("letters", Counter(keys.keys()), Counter(it.key for it in Delivery.objects.all()))
    # A worker that dies between the mail server's answer and its note sends again, under one id.
    verdict.counts["letters that came again, under one id"] = keys.total() - len(keys)


def _key_of(letter: Any) -> str:
    return str(letter["Message-ID"]).strip("<>").split("@")[0]


def _nothing_changes(verdict: Verdict, office: PostOffice) -> Digest:
    """A replay over the full tables."""

    def state() -> tuple[Any, ...]:
        counts = Event.objects.count(), Delivery.objects.count(), len(office.letters)
        return (*counts, notifications_digest())

    before = state()
    replay("notifications")
    verdict.must(state() == before, f"a replay had an effect: {before}, then {state()}")
    return notifications_digest()


# --- audit


def _judge_audit(verdict: Verdict, folder: Path) -> None:
    append_pending()
    verdict.equal(
        "records of events",
        Counter(Record.objects.filter(source="event").values_list("event", flat=True)),
        Counter(Event.objects.values_list("event_id", flat=True)),
    )
    verdict.equal("records of changes", changes_recorded(), changes_seen())
    killed, size = audit_digests(), Head.objects.get().size
    replay("audit")
    append_pending()
    verdict.must(Head.objects.get().size == size, "a replay appended to the audit log")
    _verify_export(verdict, folder / "audit-bundle")
    begin_audit_anew()
    replay("audit")
    append_pending()
    for table, digest in audit_digests().items():
        verdict.same(table, killed[table], digest)


def _verify_export(verdict: Verdict, bundle: Path) -> None:
    call_command("audit", "export", "--output", str(bundle), stderr=StringIO())
    keys = [part for signer in log_signers() for part in ("--key", signer.verifier_key())]
    done = subprocess.run(
        [sys.executable, str(VERIFIER), str(bundle), *keys],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    verdict.counts["records that the verifier accepted"] = Head.objects.get().size
    verdict.must(done.returncode == 0, f"verify_audit.py: {done.stdout}")


def replay(group: str, *options: str) -> None:
    call_command("replay", "--group", group, *options, stdout=StringIO())


def settled() -> bool:
    """Every group stands at the head of the log, and nothing waits for its place in the audit's."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLED)
        return bool(cursor.fetchone()[0])


def standing() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(STANDING)
        yield from (str(row) for row in cursor.fetchall())


SETTLED = """
SELECT NOT EXISTS (SELECT FROM events_event WHERE position IS NULL)
    AND NOT EXISTS (SELECT FROM audit.pending)
    AND NOT EXISTS (SELECT FROM notifications_delivery WHERE status = 'waiting')
    AND NOT EXISTS (SELECT FROM events_consumergroup b WHERE b.name = 'kafka'
                    AND b.position <> (SELECT position FROM events_sequencer))
    AND count(*) = 3 AND bool_and(g.position = s.position)
FROM events_consumergroup g, events_sequencer s
WHERE name IN ('analytics', 'notifications', 'audit')
"""
STANDING = """
SELECT name, position, owner, stop_reason, (SELECT max(position) FROM events_sequencer),
    (SELECT count(*) FROM audit.pending), (SELECT count(*) FROM notifications_delivery
                                           WHERE status = 'waiting')
FROM events_consumergroup ORDER BY name
"""
