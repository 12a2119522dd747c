"""Two hundred calls at the same moment, over HTTP, while Redis is emptied again and again."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.faults.member import Member, owners
from tests.faults.system import FaultySystem
from tests.patience import PATIENCE

pytestmark = pytest.mark.e2e

MANY = 200
FLUSHES = 3


def together(
    system: FaultySystem, member: Member, calls: list[tuple[str, Any]]
) -> list[httpx.Response]:
    """POST (path, body), all at once, while Redis forgets everything a few times.

    A server that is too busy says 503 and when to come again: as a client should, we do.
    """

    async def call(client: httpx.AsyncClient, path: str, body: Any) -> httpx.Response:
        while (answer := await client.post(path, json=body)).status_code == 503:  # noqa: ASYNC110
            await asyncio.sleep(int(answer.headers["retry-after"]))
        return answer

    async def run() -> list[httpx.Response]:
        async with httpx.AsyncClient(
            base_url=system.base_url, headers=member.headers, timeout=PATIENCE, trust_env=False,
            limits=httpx.Limits(max_connections=MANY),
        ) as client:  # fmt: skip
            answers = [asyncio.create_task(call(client, *each)) for each in calls]
            for _ in range(FLUSHES):
                await asyncio.wait(answers, timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
                await asyncio.to_thread(system.redis().flushall)
            return list(await asyncio.gather(*answers))

    return asyncio.run(run())


def outcomes(answers: list[httpx.Response]) -> Counter[Any]:
    """201, 202, or the error's code."""
    return Counter(
        answer.status_code if answer.is_success else answer.json()["error_code"]
        for answer in answers
    )


def test_of_many_starts_one_upgrade_comes(system: FaultySystem) -> None:
    [member] = owners(system, 1)
    wish = member.next_upgrade()
    answers = together(system, member, [("/api/nft/upgrade", wish)] * MANY)
    assert outcomes(answers) == {201: 1, "UPGRADE_IN_PROGRESS": MANY - 1}
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: MANY - 1}
    assert len(member.get("/api/v1/user/upgrades")["results"]) == 1


def test_many_confirmations_and_retries_make_one_nft(system: FaultySystem) -> None:
    [member] = owners(system, 1)
    upgrade = member.start_upgrade()
    hint = {"burnSignature": member.burn(upgrade)}
    links = upgrade["links"]
    answers = together(system, member, [(links["burnConfirm"], hint)] * MANY)
    assert outcomes(answers) == {202: MANY}
    answers = together(system, member, [(links["self"] + "/retry", {})] * MANY)
    assert set(outcomes(answers)) <= {202, "NOTHING_TO_RETRY"}
    member.wait_for(upgrade, "completed")
    assert len(member.minted()) == 1
    assert ends(system, upgrade) == ["burn_confirmed", "upgrade_completed"]


def test_many_cancellations_are_one(system: FaultySystem) -> None:
    [member] = owners(system, 1)
    upgrade = member.start_upgrade()
    answers = together(system, member, [(upgrade["links"]["self"] + "/cancel", {})] * MANY)
    assert outcomes(answers) == {202: MANY}
    member.wait_for(upgrade, "cancelled")
    assert ends(system, upgrade) == ["upgrade_cancelled"]


def test_confirmations_among_cancellations_leave_one_story(system: FaultySystem) -> None:
    [member] = owners(system, 1)
    upgrade = member.start_upgrade()
    hint = {"burnSignature": member.burn(upgrade)}
    links = upgrade["links"]
    calls = [(links["burnConfirm"], hint), (links["self"] + "/cancel", {})] * (MANY // 2)
    answers = together(system, member, calls)
    assert set(outcomes(answers)) <= {202, "CANNOT_CANCEL"}
    member.wait_for(upgrade, "completed")
    assert len(member.minted()) == 1
    assert ends(system, upgrade) == ["burn_confirmed", "upgrade_completed"]


def ends(system: FaultySystem, upgrade: dict[str, Any]) -> list[str]:
    statement = """
        SELECT type FROM events_event WHERE upgrade_request_id = %s AND type IN
        ('burn_confirmed', 'upgrade_completed', 'upgrade_cancelled', 'upgrade_expired') ORDER BY id
    """
    return [row[0] for row in system.sql(statement, upgrade["upgradeRequestId"])]
