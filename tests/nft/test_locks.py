"""`upgrade_lock:{user}`: held by the living, taken over from the dead."""

import pytest

from core.errors import Conflict
from core.ids import uuid7
from core.redis import redis_client
from nft.locks import ABANDONED_AFTER_SECONDS, SECONDS, upgrade_lock


def test_a_second_start_is_refused_while_the_first_runs() -> None:
    user = uuid7()
    with upgrade_lock(user), pytest.raises(Conflict), upgrade_lock(user):
        pass
    with upgrade_lock(user):
        pass  # given back


def test_the_lock_of_a_process_that_died_is_taken_over() -> None:
    user = uuid7()
    name = f"upgrade_lock:{user}"
    redis_client().set(name, "the dead one's", ex=SECONDS - ABANDONED_AFTER_SECONDS - 1)
    with upgrade_lock(user):
        assert redis_client().ttl(name) > SECONDS - ABANDONED_AFTER_SECONDS
        with pytest.raises(Conflict), upgrade_lock(user):
            pass
    assert not redis_client().exists(name)
