"""The whole part, in order."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from audit.models import Head
from audit.services.appending import append_batch
from audit.services.checkpoints import log_signers
from audit.services.exporting import export_bundle
from bench.measures import Measure, at_least, at_most
from bench.stand import Stand
from tools.verify_audit import verify_file

# As large as what an event leaves: ids, a mint address, a signature.
NOTE = """
INSERT INTO audit.pending (noted)
SELECT jsonb_build_object(
    'source', 'event', 'what', 'nft_minted', 'object', 'user_nfts:' || gen_random_uuid(),
    'subject', gen_random_uuid(), 'correlation', gen_random_uuid(), 'event', gen_random_uuid(),
    'after', jsonb_build_object('nftId', gen_random_uuid(), 'mintAddress', repeat('M', 44),
        'transactionSignature', repeat('5', 88), 'gasUsed', 5000)
) FROM generate_series(1, %s)
"""
WATCHED_ROWS = 1000


def measures(stand: Stand, *, rounds: int, quick: bool) -> Iterator[Measure]:
    call_command("migrate", verbosity=0)
    yield append_measure(rounds, count=2_000 if quick else 20_000)
    yield verify_measure(stand.folder / "bundle", rounds, count=2_000 if quick else 100_000)
    yield _watched(rounds)


def _pending(count: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NOTE, [count])


def append_measure(rounds: int, *, count: int) -> Measure:
    """In batches, beside the same notes one a transaction."""
    batches, single = [], []
    for _ in range(rounds):
        _pending(count)
        batches.append(_rate(count, limit=1000))
        _pending(count // 20)
        single.append(_rate(count // 20, limit=1))
    against = "one record a transaction"
    return Measure("append", "records/s", batches, single, against, at_least(5_000))


def _rate(count: int, *, limit: int) -> float:
    begun = time.monotonic()
    while append_batch(limit=limit):
        pass
    return count / (time.monotonic() - begun)


def verify_measure(path: Path, rounds: int, *, count: int) -> Measure:
    """The whole log by the stand-alone program, parsing included, scaled to 100,000 records."""
    missing = count - Head.objects.get(id=1).size
    if missing > 0:
        _pending(missing)
        _rate(missing, limit=1000)
    with path.open("w") as out:
        size = export_bundle(out=out, chosen=None, about={}, now=timezone.now() + timedelta(1))
    keys, seconds = [signer.verifier_key() for signer in log_signers()], []
    for _ in range(rounds):
        begun = time.monotonic()
        verify_file(path, keys)
        seconds.append((time.monotonic() - begun) * 100_000 / size)
    return Measure("verify_100000", "s", seconds, limit=at_most(10))


def _watched(rounds: int) -> Measure:
    """An update of 1,000 watched rows, beside the same without the trigger."""
    User.objects.bulk_create(User(username=f"u{n}") for n in range(WATCHED_ROWS))
    watched, bare = [], []
    for number in range(rounds):
        watched.append(_update(number % 2 == 0))
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE accounts_user DISABLE TRIGGER audit_update")
        bare.append(_update(number % 2 == 1))
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE accounts_user ENABLE TRIGGER audit_update")
    return Measure("update_1000_watched_rows", "ms", watched, bare, "without the trigger")


def _update(is_active: bool) -> float:
    begun = time.monotonic()
    User.objects.update(is_active=is_active)
    return (time.monotonic() - begun) * 1000
