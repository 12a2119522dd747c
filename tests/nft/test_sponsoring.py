"""Burns at our cost: what we pay, who gets the rent, and the budgets that stop it."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django.fixtures import Settings
from solders.keypair import Keypair

from chain.quotes import fee_of
from chain.records import UnsignedTransaction
from core.errors import Conflict, InvalidInput
from nft.chain_access import on_chain, payer
from nft.models import BurnTransaction, SponsorSpending, UpgradeRequest, UserNft
from nft.models.sponsoring import EVERYBODY
from nft.services.burn_transactions import renew_burn_transaction
from nft.services.confirming import submit_signed_burn
from nft.services.sponsoring import charge_sponsor
from nft.services.unlocking import unlock_nft
from tests.nft.conftest import make_nft, make_upgrade, make_user, qualify
from tests.nft.hands import hand, notice
from tests.nft.world import FINALITY, Member, World, reread
from tests.together import run_together

pytestmark = pytest.mark.django_db
FEE = 10_000  # two signatures: ours and the wallet's


@pytest.fixture(autouse=True)
def _sponsoring(settings: Settings) -> None:
    settings.SPONSOR_BURN_FEES = True


def ours() -> str:
    return str(payer().pubkey())


def balance(address: str) -> int:
    return on_chain(lambda chain: chain.balance(address))


def poor_member(world: World) -> tuple[Member, UserNft]:
    """With a minted NFT, and without a single lamport."""
    key = Keypair()
    member = Member(key, make_user(str(key.pubkey())))
    qualify(member.user, 1)
    nft = unlock_nft(user=member.user, tier_level=1, now=world.now, keep=lambda _: None)
    world.work()
    nft.refresh_from_db()
    qualify(member.user, 2)
    return member, nft


def submit(
    world: World, member: Member, request: UpgradeRequest, burn: UnsignedTransaction
) -> UpgradeRequest:
    return submit_signed_burn(
        user=member.user, request_id=request.id, raw=member.sign(burn.raw), now=world.now
    )


def paid_burn(world: World) -> tuple[Member, UserNft, UpgradeRequest]:
    """A poor member's, handed over and on its way."""
    member, nft = poor_member(world)
    request, burn = world.start(member, nft)
    submit(world, member, request, burn)
    return member, nft, request


def spent(scope: str) -> int:
    return sum(SponsorSpending.objects.filter(scope=scope).values_list("lamports", flat=True))


def test_we_pay_the_quote_and_get_the_rent_that_we_paid(world: World) -> None:
    member, nft = poor_member(world)
    request, burn = world.start(member, nft)
    submit(world, member, request, burn)
    before = balance(ours())
    rent = world.chain.call("getMinimumBalanceForRentExemption", 170)
    world.work(rounds=1)
    world.chain.tick(FINALITY)
    assert BurnTransaction.objects.get().fee_lamports == fee_of(burn.raw).lamports == FEE
    assert balance(ours()) == before - FEE + rent
    assert balance(member.wallet) == 0
    world.work(rounds=24)
    assert reread(request).status == "completed"


def test_rent_that_another_paid_goes_back_to_them(world: World) -> None:
    giver, nft = world.unlocked_member()
    taker = world.new_member()
    qualify(taker.user, 2)
    hand(world, giver, nft, taker.wallet)
    notice(world)
    nft.refresh_from_db()
    request, burn = world.start(taker, nft)
    submit(world, taker, request, burn)
    before = balance(giver.wallet)
    world.work(rounds=1)
    world.chain.tick(FINALITY)
    rent = world.chain.call("getMinimumBalanceForRentExemption", 170)
    assert balance(giver.wallet) == before + rent


def test_the_same_burn_signed_again_counts_once(world: World) -> None:
    member, nft = poor_member(world)
    request, burn = world.start(member, nft)
    submit(world, member, request, burn)
    submit(world, member, request, burn)
    assert spent(str(member.user.id)) == spent(EVERYBODY) == FEE


def test_over_the_members_budget_the_member_pays(world: World, settings: Settings) -> None:
    settings.SPONSOR_USER_DAILY_LAMPORTS = FEE
    member, nft = world.unlocked_member()
    request, first = world.start(member, nft)
    world.chain.tick(2)
    second = renew_burn_transaction(user=member.user, request_id=request.id, now=world.now)
    assert {fee_of(first.raw).payer, fee_of(second.raw).payer} == {ours()}
    submit(world, member, request, first)
    with pytest.raises(Conflict) as refusal:
        submit(world, member, request, second)
    assert refusal.value.code == "SPONSOR_BUDGET_SPENT"
    assert not BurnTransaction.objects.filter(signature="", signed_transaction__isnull=False)
    world.chain.tick(2)
    third = renew_burn_transaction(user=member.user, request_id=request.id, now=world.now)
    assert fee_of(third.raw).payer == member.wallet
    tomorrow = world.now + timedelta(days=1)
    world.chain.tick(2)
    fourth = renew_burn_transaction(user=member.user, request_id=request.id, now=tomorrow)
    assert fee_of(fourth.raw).payer == ours()


def test_a_message_of_ours_is_not_signed_once_sponsoring_is_off(
    world: World, settings: Settings
) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    settings.SPONSOR_BURN_FEES = False
    with pytest.raises(InvalidInput) as refusal:
        submit(world, member, request, burn)
    assert refusal.value.code == "INVALID_SIGNATURE"
    assert spent(EVERYBODY) == 0


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_no_more_are_paid_than_the_budgets_allow(
    tiers: object, settings: Settings
) -> None:
    settings.SPONSOR_DAILY_LAMPORTS = 7 * FEE
    settings.SPONSOR_USER_DAILY_LAMPORTS = 2 * FEE
    users = [make_user() for _ in range(5)]
    now = timezone.now()
    burns = [
        BurnTransaction.objects.create(
            request=request,
            message_hash=f"{place}",
            last_valid_block_height=1,
            fee_payer=ours(),
            fee_lamports=FEE,
            created_at=now,
        )
        for user in users
        for request in [make_upgrade(user, make_nft(user))]
        for place in range(4)
    ]
    results = run_together(
        [lambda burn=burn: charge(burn, now=now) for burn in burns]  # type: ignore[misc]
    )
    paid = [result for result in results if result is None]
    assert len(paid) == 7
    assert {result.code for result in results if result} == {"SPONSOR_BUDGET_SPENT"}
    assert spent(EVERYBODY) == 7 * FEE
    assert max(spent(str(user.id)) for user in users) == 2 * FEE
    assert sum(spent(str(user.id)) for user in users) == 7 * FEE
    assert BurnTransaction.objects.filter(sponsored_at__isnull=False).count() == 7


def charge(burn: BurnTransaction, *, now: datetime) -> None:
    with transaction.atomic():
        charge_sponsor(burn=burn, user_id=burn.request.user_id, now=now)
