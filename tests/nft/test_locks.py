"""The lock of starts: held, given back, and left behind by a process that died."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from core.errors import Conflict
from core.ids import uuid7
from core.redis import breaker, redis_client
from nft.locks import LONGEST_START, SECONDS, upgrade_lock


@pytest.fixture
def user_id() -> Iterator[UUID]:
    breaker.reset()
    user_id = uuid4()
    yield user_id
    redis_client().delete(f"upgrade_lock:{user_id}")


def token_of_age(age: timedelta) -> str:
    milliseconds = age // timedelta(milliseconds=1)
    return str(UUID(int=uuid7().int - (milliseconds << 80)))


def test_a_start_keeps_another_of_the_same_user_away(user_id: UUID) -> None:
    with (
        upgrade_lock(user_id),
        pytest.raises(Conflict, match="just being started"),
        upgrade_lock(user_id),
    ):
        pass
    assert redis_client().get(f"upgrade_lock:{user_id}") is None


def test_a_lock_that_may_still_be_held_is_respected(user_id: UUID) -> None:
    redis_client().set(f"upgrade_lock:{user_id}", token_of_age(timedelta(seconds=5)))
    with pytest.raises(Conflict, match="just being started"), upgrade_lock(user_id):
        pass


def test_a_lock_that_outlived_every_start_is_taken_over(user_id: UUID) -> None:
    name, dead = f"upgrade_lock:{user_id}", token_of_age(LONGEST_START)
    redis_client().set(name, dead, ex=SECONDS)
    with upgrade_lock(user_id):
        assert redis_client().get(name) != dead.encode()
        assert redis_client().ttl(name) > 0
    assert redis_client().get(name) is None


def test_a_lock_that_was_taken_over_is_not_given_back_by_its_first_holder(user_id: UUID) -> None:
    name, newer = f"upgrade_lock:{user_id}", str(uuid7())
    with upgrade_lock(user_id):
        redis_client().set(name, newer)
    assert redis_client().get(name) == newer.encode()
