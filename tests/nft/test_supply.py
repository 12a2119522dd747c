"""A supply cap: exact whoever comes together, with places that come back, and late burns."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BoundedSemaphore

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from badges.models import BadgeDefinition, EarnedBadge
from core.errors import Conflict
from nft.models import MintOrder, Tier, TierSupply, UpgradeStatus, UserNft
from nft.services.unlocking import unlock_nft
from tests.nft.conftest import make_user, new_address, qualify
from tests.nft.test_preview import codes, preview
from tests.nft.test_upgrade_api import Caller
from tests.nft.test_whose_burn import burn_own, cancelled
from tests.nft.world import World, reread
from tests.patience import PATIENCE
from trading.models import UserVolume

CALLERS, CAP = 500, 60


def cap(level: int, places: int) -> None:
    Tier.objects.filter(level=level).update(supply_cap=places)


def unlock(user: User) -> UserNft:
    return unlock_nft(user=user, tier_level=1, now=timezone.now(), keep=lambda _: None)


def qualified_crowd() -> list[User]:
    tier, now = Tier.objects.get(level=1), timezone.now()
    users = User.objects.bulk_create(
        [User(wallet_address=new_address(), password="!") for _ in range(CALLERS)]
    )
    UserVolume.objects.bulk_create([UserVolume(user=u, total=tier.required_volume) for u in users])
    definitions = BadgeDefinition.objects.filter(slug__in=tier.badge_slugs())
    EarnedBadge.objects.bulk_create(
        EarnedBadge(user=u, definition=d, status="activated", earned_at=now, activated_at=now)
        for u in users
        for d in definitions
    )
    return users


@pytest.mark.django_db(transaction=True)
def test_of_500_unlocks_at_once_exactly_the_cap_succeeds(tiers: list[Tier]) -> None:
    cap(1, CAP)
    users = qualified_crowd()
    together, connections = Barrier(CALLERS, timeout=PATIENCE), BoundedSemaphore(40)

    def call(user: User) -> str:
        together.wait()
        with connections:  # as many as several servers' pools hold
            try:
                return type(unlock(user)).__name__
            except Conflict as refusal:
                return refusal.code
            finally:
                connection.close()

    with ThreadPoolExecutor(CALLERS) as pool:
        results = Counter(pool.map(call, users))
    assert results == {"UserNft": CAP, "SOLD_OUT": CALLERS - CAP}
    assert UserNft.objects.count() == MintOrder.objects.count() == CAP
    assert {order.number for order in MintOrder.objects.all()} == set(range(1, CAP + 1))
    assert TierSupply.objects.taken_of(1) == CAP
    held = EarnedBadge.objects.filter(status="reserved")
    assert held.values("user").distinct().count() == CAP


@pytest.mark.django_db
def test_an_unlock_that_fails_takes_no_place(tiers: list[Tier]) -> None:
    def refuse(_: UserNft) -> None:
        raise Conflict("X", "for the test")

    user = make_user()
    qualify(user, 1)
    with pytest.raises(Conflict):
        unlock_nft(user=user, tier_level=1, now=timezone.now(), keep=refuse)
    assert TierSupply.objects.taken_of(1) == 0


@pytest.mark.django_db
def test_a_closed_upgrade_gives_its_place_back_and_a_late_burn_is_owed_one(world: World) -> None:
    member, nft = world.unlocked_member()
    cap(2, 1)
    first = cancelled(world, member, nft)
    assert TierSupply.objects.taken_of(2) == 0
    other, other_nft = world.unlocked_member()
    second, _ = world.start(other, other_nft)
    assert second.order.number == 2
    burn_own(world, member, nft, first.id)
    world.pass_time(minutes=2)
    world.work(rounds=24)
    assert reread(first).status == UpgradeStatus.COMPLETED
    assert TierSupply.objects.taken_of(2) == 2
    late, late_nft = world.unlocked_member()
    with pytest.raises(Conflict) as refusal:
        world.start(late, late_nft)
    assert refusal.value.code == "SOLD_OUT"


@pytest.mark.django_db
def test_a_preview_says_that_a_level_is_sold_out(world: World) -> None:
    member, nft = world.unlocked_member()
    cap(2, 1)
    other, other_nft = world.unlocked_member()
    world.start(other, other_nft)
    assert codes(preview(Caller(member.key), nft)) == {"SOLD_OUT"}
