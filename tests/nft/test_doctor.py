"""`manage.py doctor` names each disagreement between rows and chain, and only real ones."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings
from solders.null_signer import NullSigner

from chain.addresses import parse_address
from chain.client import SolanaClient
from nft.models import MintOrder, NftStatus, UpgradeRequest, UserNft
from nft.services.doctor import all_nfts, all_upgrades, examine_nfts, examine_upgrades, pages
from tests.chain.net import home, move, open_home
from tests.nft.conftest import make_nft, make_upgrade, make_user, new_signature
from tests.nft.test_whose_burn import burn_own
from tests.nft.world import Member, World

pytestmark = pytest.mark.django_db


def doctor(*, page: int = 50) -> str:
    """What it prints; raises CommandError when something disagrees."""
    out = StringIO()
    call_command("doctor", page=page, pause=0.0, settle=0.0, stdout=out)
    return out.getvalue()


def complaints(*, page: int = 50) -> list[str]:
    """Codes of the disagreements, sorted."""
    out = StringIO()
    with pytest.raises(CommandError, match="disagreements"):
        call_command("doctor", page=page, pause=0.0, settle=0.0, stdout=out)
    lines = out.getvalue().splitlines()
    return sorted(line.split()[0] for line in lines if "examined" not in line)


@pytest.fixture
def upgraded(world: World, settings: Settings) -> tuple[Member, UpgradeRequest]:
    """A member at level 2: one NFT burned, one live. Nothing here counts as too fresh."""
    settings.STUCK_AFTER = timedelta(days=-1)  # the world is ahead of the clock
    member, old = world.unlocked_member()
    request, burn = world.start(member, old)
    world.burn(member, burn)
    world.work(rounds=24)
    request = all_upgrades().get(id=request.id)
    assert request.status == "completed"
    return member, request


def test_rows_that_follow_the_chain_are_in_order(world: World, upgraded: Any) -> None:
    waiting, first = world.unlocked_member()
    world.start(waiting, first)
    told = doctor(page=1)
    assert "3 NFTs examined, 0" in told
    assert "2 upgrades examined, 0" in told
    assert "agree" in told


def change(row: UserNft | UpgradeRequest | MintOrder, **fields: object) -> None:
    type(row)._default_manager.filter(pk=row.pk).update(**fields)


def test_rows_that_say_what_the_chain_does_not_are_named(world: World, upgraded: Any) -> None:
    _, request = upgraded
    old, new = request.current_nft, request.new_nft
    assert new is not None
    burned = {"burned_at": world.now, "burn_signature": new_signature()}
    change(new, status=NftStatus.BURNED, **burned)
    assert complaints() == ["BURNED_BUT_ALIVE"]
    change(new, status=NftStatus.MINTING)
    assert complaints() == ["MINT_NOT_RECORDED"]
    change(new, status=NftStatus.ACTIVE)
    change(old, status=NftStatus.ACTIVE)
    assert complaints() == ["BURNED_ON_CHAIN", "PROVEN_BUT_NOT_RECORDED"]
    change(old, status=NftStatus.UPGRADING)
    assert complaints() == ["PROVEN_BUT_NOT_RECORDED"]
    change(old, status=NftStatus.BURNED)
    assert "agree" in doctor()


def test_an_upgrade_that_is_ahead_of_the_chain_is_named(world: World, upgraded: Any) -> None:
    """Its rows as if it had never burned, then as if it had not minted."""
    _, request = upgraded
    proof = {"burn_signature": request.burn_signature, "burn_slot": request.burn_slot}
    unproven = {"burn_signature": None, "burn_slot": None, "new_nft": None, "completed_at": None}
    change(request, status="awaiting_burn", burn_seen_at=None, **unproven)
    change(request.order, status="waiting")
    named = complaints()
    assert named == ["BURN_NOT_NOTICED", "MINTED_TOO_EARLY", "MINT_FOREIGN"]
    change(request, status="minting", **proof)
    assert complaints() == ["MINT_FOREIGN", "ORDER_OUT_OF_STEP"]
    change(request.order, status="minting", request_id=request.id)
    UserNft.objects.filter(id=request.new_nft_id).delete()
    assert "agree" in doctor()


def test_an_nft_that_the_chain_does_not_know_is_named(world: World) -> None:
    user = make_user()
    nft = make_nft(user, 1)
    make_upgrade(user, nft)
    assert complaints() == ["MINT_MISSING"]


def test_an_upgrade_that_claims_a_burn_that_never_was_is_named(world: World) -> None:
    member, nft = world.unlocked_member()
    request, _ = world.start(member, nft)
    change(request, status="minting", burn_signature=new_signature(), burn_slot=1)
    change(request.order, status="minting")
    assert complaints() == ["PROVEN_BUT_ALIVE", "PROVEN_BUT_NOT_RECORDED"]


def test_a_burn_that_belongs_to_no_upgrade_is_named(world: World, upgraded: Any) -> None:
    member, request = upgraded
    assert request.new_nft is not None
    burn_own(world, member, request.new_nft, request.id)
    assert complaints() == ["BURNED_ON_CHAIN"]


def test_an_nft_that_left_its_wallet_is_named(world: World, upgraded: Any) -> None:
    member, request = upgraded
    friend = world.new_member()
    mint: Any = NullSigner(parse_address(request.new_nft.mint_address))
    steps = [
        open_home(member.key, friend.key, mint),
        move(member.key, mint, to=home(friend.key, mint)),
    ]
    world.run(steps, member.key)
    assert complaints() == ["NOT_IN_WALLET"]
    change(request.new_nft, status=NftStatus.TRANSFERRED)
    assert "agree" in doctor()


def test_what_is_only_seconds_behind_the_chain_is_not_named(
    world: World, upgraded: Any, settings: Settings
) -> None:
    settings.STUCK_AFTER = timedelta(minutes=10)
    member, nft = world.unlocked_member()
    _, burn = world.start(member, nft)
    world.burn(member, burn)
    assert "agree" in doctor()


def test_a_node_that_is_away_or_anothers_is_no_verdict(world: World, settings: Settings) -> None:
    world.unlocked_member()
    settings.SOLANA_GENESIS_HASH = "11111111111111111111111111111111"
    with pytest.raises(CommandError, match="WRONG_CLUSTER"):
        doctor()
    settings.SOLANA_RPC_URL = "http://127.0.0.1:1"
    with pytest.raises(CommandError, match="RPC_UNREACHABLE"):
        doctor()


def test_a_page_costs_a_few_calls_whatever_its_size(
    world: World, upgraded: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        world.unlocked_member()
    calls: list[str] = []
    ask = SolanaClient._read

    async def counted(self: SolanaClient, method: str, *rest: Any) -> Any:
        calls.append(method)
        return await ask(self, method, *rest)

    monkeypatch.setattr(SolanaClient, "_read", counted)
    for nfts in pages(all_nfts(), size=50):
        assert examine_nfts(nfts, now=world.now) == []
    for upgrades in pages(all_upgrades(), size=50):
        assert examine_upgrades(upgrades, now=world.now) == []
    assert calls == ["getMultipleAccounts"] * 3  # five NFTs: mints, accounts; one upgrade: mints
