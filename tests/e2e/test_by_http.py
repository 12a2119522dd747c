"""The walk of README.md ("The upgrade by curl") against real server processes, undisturbed and disturbed."""

from typing import Any

import pytest
import redis

from tests.e2e.conftest import QuickSystem
from tests.e2e.member import EVENTS, Member, Message, numbers, types

pytestmark = pytest.mark.e2e

WHOLE_UPGRADE = [
    "upgrade_initiated", "nft_burned", "burn_confirmed", "badge_consumed", "badge_consumed",
    "nft_upgraded", "upgrade_completed",
]  # fmt: skip


def _check_upgraded(member: Member, started: Any) -> None:
    """Completed, and the wallet holds the new NFT and no other."""
    upgrade = member.get(started["links"]["self"])
    assert (upgrade["status"], upgrade["error"]) == ("completed", None)
    assert member.held() == [upgrade["mintAddress"]]
    nfts = member.get("/api/v1/user/nfts")["results"]
    assert [(nft["tierLevel"], nft["status"]) for nft in nfts] == [(2, "active"), (1, "burned")]
    badges = member.get("/api/v1/user/badges")["results"]
    assert {badge["status"] for badge in badges} == {"consumed"}


def test_the_whole_walk_with_the_stream_cut_after_every_event(member: Member) -> None:
    started = member.start(member.unlock())
    member.burn(started)
    events = started["links"]["events"]
    seen: list[Message] = []
    while not seen or seen[-1].type != "upgrade_completed":
        with member.stream(events, after=seen[-1].id if seen else None) as messages:
            seen.append(next(message for message in messages if "eventType" in message.body))
    assert types(seen) == WHOLE_UPGRADE
    assert seen == member.read(events, until="upgrade_completed")
    again = member.http.get(events, headers={"Last-Event-ID": seen[-1].id})
    assert (again.status_code, again.content) == (204, b"")
    _check_upgraded(member, started)


def test_the_users_stream_resumes_without_a_hole_or_a_duplicate(member: Member) -> None:
    nft_id = member.unlock()
    first = member.read(EVENTS, after=0, until="nft_unlocked")
    started = member.start(nft_id)
    second = member.read(EVENTS, after=first[-1].id, until="upgrade_initiated")
    member.burn(started)
    third = member.read(EVENTS, after=second[-1].id, until="upgrade_completed")
    seen = first + second + third
    assert numbers(seen) == list(range(1, len(seen) + 1))
    assert len({message.body["eventId"] for message in seen}) == len(seen)
    assert types(second + third) == WHOLE_UPGRADE


def test_a_worker_killed_between_burn_and_mint_still_mints_exactly_one(
    system: QuickSystem, member: Member
) -> None:
    started = member.start(member.unlock())
    member.burn(started)
    events = started["links"]["events"]
    proven = member.read(events, until="burn_confirmed")
    system.kill("worker")
    assert member.get(started["links"]["self"])["status"] == "minting"
    system.restart("worker")
    rest = member.read(events, after=proven[-1].id, until="upgrade_completed")
    assert types(proven + rest) == WHOLE_UPGRADE
    _check_upgraded(member, started)


def test_redis_flushed_in_the_middle_loses_nothing(system: QuickSystem, member: Member) -> None:
    nft_id = member.unlock()
    head = len(member.read(EVENTS, after=0, until="nft_unlocked"))

    def flush(_: Message) -> None:
        with redis.Redis.from_url(system.environment()["REDIS_URL"], socket_timeout=5) as server:
            server.flushall()

    started = member.start(nft_id)
    flush(Message("", {}))
    member.burn(started)
    seen = member.read(EVENTS, after=head, until="upgrade_completed", note=flush)
    assert types(seen) == WHOLE_UPGRADE
    assert numbers(seen) == list(range(head + 1, head + 1 + len(seen)))
    _check_upgraded(member, started)
