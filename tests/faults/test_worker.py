"""The worker dies in the middle of a job, or a job fails as nobody foresaw."""

import re

import pytest
from celery import Celery
from django.conf import settings

from config.celery import app
from core.jobs import enqueue
from core.redis import redis_client
from demo.system import ROOT
from tests.faults.member import Member, newcomer
from tests.faults.system import FaultySystem, eventually

QUEUES = {
    "nft.check_burn": "burns",
    "nft.mint": "mints",
    "nft.redrive": "maintenance",
    "nft.expire": "maintenance",
    "accounts.purge_expired": "maintenance",
}


def order_of(system: FaultySystem, member: Member, column: str) -> object:
    statement = f"SELECT {column} FROM nft_mintorder WHERE wallet_address = %s"  # noqa: S608
    rows = system.sql(statement, member.address)
    return rows[0][0] if rows else None


@pytest.mark.e2e
def test_a_job_whose_worker_was_killed_is_finished_by_another(system: FaultySystem) -> None:
    member = newcomer(system)
    with system.rpc.answering("hangs"):
        member.unlock()
        eventually(lambda: order_of(system, member, "claimed_by"), "a worker at the order")
        system.kill("worker")
    system.let_leases_run_out()
    system.restart("worker")
    member.wait_for_nft()
    assert len(member.minted()) == 1


@pytest.mark.e2e
def test_a_mint_whose_worker_was_killed_after_signing_is_not_minted_twice(
    system: FaultySystem,
) -> None:
    member = newcomer(system)
    member.unlock()
    eventually(lambda: order_of(system, member, "signature"), "a signed mint")
    system.kill("worker")
    system.let_leases_run_out()
    system.restart("worker")
    member.wait_for_nft()
    assert len(member.minted()) == 1


@pytest.mark.e2e
def test_a_row_is_driven_on_after_a_job_that_nobody_foresaw_to_fail(system: FaultySystem) -> None:
    member = newcomer(system)
    system.freeze("worker")
    member.unlock()
    spoil = "UPDATE nft_mintorder SET terms = terms - 'symbol' WHERE wallet_address = %s"
    system.sql(spoil, member.address)
    system.thaw("worker")
    system.wait_for_log("worker", "missing 1 required positional argument: 'symbol'")
    mend = """
        UPDATE nft_mintorder SET terms = terms || jsonb_build_object('symbol', 'AIW3')
        WHERE wallet_address = %s
    """
    system.sql(mend, member.address)
    member.wait_for_nft()
    assert system.leaks() == []


@pytest.mark.e2e
def test_a_worker_does_ten_jobs_at_once_from_every_queue(system: FaultySystem) -> None:
    with Celery(broker=system.environment()["REDIS_URL"], set_as_current=False) as client:
        look = client.control.inspect(timeout=2, limit=1)
        answers = (
            look.stats() for _ in range(20)
        )  # a worker that just started is deaf for a while
        [stats] = next(answer for answer in answers if answer).values()
        [queues] = (look.active_queues() or {}).values()
    assert stats["pool"]["max-concurrency"] == 10
    assert {queue["name"] for queue in queues} == {"default", "notifications", *QUEUES.values()}


def test_the_worker_is_told_every_queue() -> None:
    [named] = re.findall(r"--queues (\S+)", (ROOT / "Procfile").read_text())
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert set(named.split(",")) == routed | {settings.CELERY_TASK_DEFAULT_QUEUE}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("task", "queue"), QUEUES.items())
def test_a_job_lands_in_its_queue(task: str, queue: str) -> None:
    broker = redis_client()
    broker.delete(*QUEUES.values())
    enqueue(task)
    assert {name for name in QUEUES.values() if broker.llen(name)} == {queue}
    broker.delete(queue)


def test_celery_itself_tries_no_job_again() -> None:
    """One retry policy: the row's. A message comes back only when its worker died."""
    app.loader.import_default_modules()
    ours = [task for name, task in app.tasks.items() if name in QUEUES]
    assert {task.name for task in ours} == set(QUEUES)
    assert all(task.acks_late and not hasattr(task, "autoretry_for") for task in ours)
