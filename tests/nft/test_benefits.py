"""The benefits service: what a wallet has, never stale after its event, counted exactly."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings
from redis import RedisError

from accounts.services.keys import create_service_key
from core.errors import LimitExceeded
from core.redis import breaker, redis_client
from events.groups import group_named
from events.models import Event
from nft.models import BenefitUse, NftHolding, NftStatus, Tier, UserNft
from nft.services import membership
from nft.services.benefits import benefits_of, monday_of, use_benefit
from nft.services.handing_over import give_to_newcomers
from nft.services.membership import forget_memberships, membership_of
from tests.nft.conftest import make_nft, make_user, new_address
from tests.nft.hands import hand, notice
from tests.nft.world import World
from tests.together import run_together

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tiers")]
USES = "aiAgentWeeklyUses"


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    breaker.reset()
    redis_client().flushdb()
    yield
    breaker.reset()


class Service:
    def __init__(self, *scopes: str) -> None:
        _, readable = create_service_key(
            name=f"service {new_address()[:8]}", scopes=scopes, now=timezone.now()
        )
        self.client, self.headers = Client(), {"Authorization": f"Api-Key {readable}"}

    def get(self, wallet: str) -> Any:
        return self.client.get(f"/api/v1/users/{wallet}/benefits", headers=self.headers)

    def use(self, wallet: str, name: str = USES, *, body: Any = None, key: str = "") -> Any:
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        return self.client.post(
            f"/api/v1/users/{wallet}/benefits/{name}/use",
            {} if body is None else body,
            content_type="application/json",
            headers=headers,
        )


@pytest.fixture
def service(db: None) -> Service:
    return Service("benefits:read", "benefits:use")


def wallet_of(nft: UserNft) -> str:
    return nft.user.wallet_address or ""


def handle_events() -> None:
    """What the consumer group does with everything in the log."""
    group_named("benefits").handle(list(Event.objects.all()))


def test_it_tells_what_the_highest_nft_gives(service: Service) -> None:
    user = make_user()
    make_nft(user, 1, status=NftStatus.BURNED)
    nft = make_nft(user, 3, origin="upgrade")
    body = service.get(wallet_of(nft)).json()
    assert body["nftId"] == str(nft.id)
    assert (body["tierLevel"], body["tierName"]) == (3, "Strategist")
    assert body["benefits"] == {
        "tradingFeeReduction": "20%",
        "aiAgentWeeklyUses": 20,
        "prioritySupport": True,
    }
    assert [(quota["name"], quota["limit"], quota["used"]) for quota in body["quotas"]] == [
        (USES, 20, 0)
    ]


def test_a_wallet_without_an_nft_has_nothing(service: Service) -> None:
    response = service.get(new_address())
    body = response.json()
    assert response.status_code == 200
    assert (body["nftId"], body["tierLevel"], body["quotas"]) == (None, None, [])
    assert body["benefits"] == {
        "tradingFeeReduction": "0%",
        "aiAgentWeeklyUses": 0,
        "prioritySupport": False,
    }


@pytest.mark.parametrize("wallet", ["x", "0" * 44, "1" * 45, "é" * 40])
def test_what_is_no_wallet_is_not_found(service: Service, wallet: str) -> None:
    assert service.get(wallet).json()["error_code"] == "WALLET_NOT_FOUND"
    assert service.use(wallet).status_code == 404


def test_only_a_key_with_the_scope_may_ask_or_count() -> None:
    wallet = wallet_of(make_nft(make_user()))
    reader, trader = Service("benefits:read"), Service("trades:write")
    assert reader.get(wallet).status_code == 200
    assert reader.use(wallet).status_code == trader.get(wallet).status_code == 403
    assert Client().get(f"/api/v1/users/{wallet}/benefits").status_code == 401
    assert not BenefitUse.objects.exists()


def test_an_edited_tier_gives_its_old_nfts_nothing_else(service: Service) -> None:
    nft = make_nft(make_user(), 1)
    Tier.objects.filter(level=1).update(trading_fee_reduction="99%")
    assert service.get(wallet_of(nft)).json()["benefits"]["tradingFeeReduction"] == "5%"


def test_free_benefits_named_weekly_uses_are_counted_too(service: Service) -> None:
    nft = make_nft(make_user(), 1)
    UserNft.objects.filter(id=nft.id).update(
        benefits={**nft.benefits, "reportWeeklyUses": 2, "loungeAccess": True}
    )
    wallet = wallet_of(nft)
    assert service.use(wallet, "reportWeeklyUses", body={"amount": 2}).json()["remaining"] == 0
    assert service.use(wallet, "reportWeeklyUses").status_code == 429
    assert service.use(wallet, "loungeAccess").json()["error_code"] == "BENEFIT_NOT_FOUND"
    assert service.use(wallet, "nothing").status_code == 404


def test_uses_are_counted_to_the_limit_and_no_further(service: Service) -> None:
    wallet = wallet_of(make_nft(make_user(), 1))
    assert [service.use(wallet).json()["remaining"] for _ in range(4)] == [4, 3, 2, 1]
    refused = service.use(wallet, body={"amount": 2})
    assert (refused.status_code, refused.json()["error_code"]) == (429, "QUOTA_EXHAUSTED")
    assert 0 < int(refused["Retry-After"]) <= 7 * 86_400
    assert service.use(wallet).json()["remaining"] == 0
    assert service.get(wallet).json()["quotas"][0]["used"] == 5


@pytest.mark.parametrize("amount", [0, -1, 1001, "many", None, 1.5])
def test_a_senseless_amount_counts_nothing(service: Service, amount: Any) -> None:
    wallet = wallet_of(make_nft(make_user(), 1))
    assert service.use(wallet, body={"amount": amount}).status_code == 400
    assert not BenefitUse.objects.exists()


def test_a_repeated_call_counts_once(service: Service) -> None:
    wallet = wallet_of(make_nft(make_user(), 1))
    first, again = (service.use(wallet, key="k-1") for _ in range(2))
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    other = wallet_of(make_nft(make_user(), 1))
    assert service.use(other, key="k-1").json()["used"] == 1
    assert service.get(wallet).json()["quotas"][0]["used"] == 1


def test_without_an_nft_there_is_nothing_to_use(service: Service) -> None:
    assert service.use(new_address()).json()["error_code"] == "NO_MEMBERSHIP"


def test_the_week_begins_on_monday_in_utc() -> None:
    sunday = datetime(2026, 11, 29, 23, 59, tzinfo=UTC)
    assert monday_of(sunday) == datetime(2026, 11, 23).date()  # noqa: DTZ001
    assert monday_of(sunday + timedelta(minutes=1)) == datetime(2026, 11, 30).date()  # noqa: DTZ001
    wallet = wallet_of(make_nft(make_user(), 1))
    for _ in range(5):
        use_benefit(wallet=wallet, name=USES, amount=1, now=sunday, keep=lambda _: None)
    with pytest.raises(LimitExceeded) as refusal:
        use_benefit(wallet=wallet, name=USES, amount=1, now=sunday, keep=lambda _: None)
    assert refusal.value.retry_after == 61
    monday = sunday + timedelta(minutes=1)
    quota = use_benefit(wallet=wallet, name=USES, amount=1, now=monday, keep=lambda _: None)
    assert quota.used == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_uses_at_once_exactly_the_quota_counts() -> None:
    wallet, now = wallet_of(make_nft(make_user(), 2)), timezone.now()

    def use() -> Any:
        return use_benefit(wallet=wallet, name=USES, amount=1, now=now, keep=lambda _: None)

    results = Counter(type(result).__name__ for result in run_together([use] * 20))
    assert results == {"Quota": 10, "LimitExceeded": 10}
    assert set(BenefitUse.objects.values_list("used", flat=True)) == {10}


def test_benefits_follow_the_holder_and_the_count_the_nft(world: World, service: Service) -> None:
    giver, nft = world.unlocked_member()
    taker = world.new_member()
    for _ in range(5):
        assert service.use(giver.wallet).status_code == 200
    assert service.get(taker.wallet).json()["tierLevel"] is None
    hand(world, giver, nft, taker.wallet)
    notice(world)
    handle_events()
    assert service.get(giver.wallet).json()["tierLevel"] is None
    assert service.get(taker.wallet).json()["tierLevel"] == 1
    assert service.use(taker.wallet).status_code == 429


def test_benefits_last_while_an_upgrade_is_minted(world: World) -> None:
    member, nft = world.unlocked_member()
    _, burn = world.start(member, nft)
    assert benefits_of(wallet=member.wallet, now=world.now).membership.level == 1
    world.burn(member, burn)
    world.work(rounds=2, slots=0)
    nft.refresh_from_db()
    assert nft.status == NftStatus.BURNED
    handle_events()
    assert membership_of(member.wallet).level == 1
    world.work(rounds=24)
    handle_events()
    assert membership_of(member.wallet).level == 2


def test_an_answer_comes_from_the_cache_until_its_event(django_assert_num_queries: Any) -> None:
    nft = make_nft(make_user(), 1)
    wallet = wallet_of(nft)
    assert membership_of(wallet).level == 1
    UserNft.objects.filter(id=nft.id).update(status=NftStatus.TRANSFERRED)
    with django_assert_num_queries(0):
        assert membership_of(wallet).level == 1
    forget_memberships([wallet])
    assert membership_of(wallet).level is None


def test_an_answer_read_before_an_event_and_kept_after_it_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nft = make_nft(make_user(), 1)
    wallet = wallet_of(nft)
    read = membership.read_membership

    def read_slowly(asked: str) -> membership.Membership:
        old = read(asked)
        UserNft.objects.filter(id=nft.id).update(status=NftStatus.TRANSFERRED)
        forget_memberships([wallet])
        return old

    with monkeypatch.context() as patch:
        patch.setattr(membership, "read_membership", read_slowly)
        assert membership_of(wallet).level == 1
    assert membership_of(wallet).level is None


def test_without_redis_the_database_answers(
    settings: Settings, request: pytest.FixtureRequest
) -> None:
    nft = make_nft(make_user(), 1)
    settings.REDIS_URL = "redis://127.0.0.1:1"
    redis_client.cache_clear()
    request.addfinalizer(redis_client.cache_clear)
    with pytest.raises(RedisError):
        forget_memberships([wallet_of(nft)])
    assert [membership_of(wallet_of(nft)).level for _ in range(2)] == [1, 1]


def test_without_a_lifetime_nothing_is_cached_and_nothing_cached_counts(settings: Settings) -> None:
    nft = make_nft(make_user(), 1)
    assert membership_of(wallet_of(nft)).level == 1
    settings.BENEFITS_CACHE_SECONDS = 0
    UserNft.objects.filter(id=nft.id).update(status=NftStatus.TRANSFERRED)
    assert membership_of(wallet_of(nft)).level is None


def test_a_flushed_cache_loses_nothing() -> None:
    nft = make_nft(make_user(), 1)
    wallet = wallet_of(nft)
    membership_of(wallet)
    UserNft.objects.filter(id=nft.id).update(status=NftStatus.TRANSFERRED)
    redis_client().flushdb()
    assert membership_of(wallet).level is None


def test_an_nft_seen_in_another_wallet_gives_its_old_one_nothing() -> None:
    nft = make_nft(make_user(), 1)
    NftHolding.objects.create(nft=nft, wallet=new_address(), token_account=new_address())
    assert membership_of(wallet_of(nft)).level is None
    assert give_to_newcomers() == 0
