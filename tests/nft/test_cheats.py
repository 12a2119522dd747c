"""False burns that only the whole verifier can tell: forks, replays, mints that are gone."""

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account
from spl.token import instructions as spl
from spl.token import models

from chain.token2022 import PROGRAM
from core.errors import Conflict
from events.models import Event
from nft.chain_access import on_chain, payer
from nft.models import NftStatus, UpgradeRequest, UpgradeStatus
from nft.services.confirming import confirm_burn
from tests.chain.net import burn, home, open_home
from tests.nft.conftest import make_nft, qualify
from tests.nft.test_burn_rejection import rejection_code
from tests.nft.test_whose_burn import burn_own
from tests.nft.world import Member, World, reread

pytestmark = pytest.mark.django_db


def confirm(world: World, member: Member, request: UpgradeRequest, signature: str) -> None:
    confirm_burn(user=member.user, request_id=request.id, signature=signature, now=world.now)


def test_a_burn_that_a_fork_took_back_proves_nothing(world: World) -> None:
    member, nft = world.unlocked_member()
    request, burn = world.start(member, nft)
    signature = world.send(member.sign(burn.raw))
    world.chain.tick(20)  # confirmed, not final
    confirm(world, member, request, signature)
    world.work(rounds=2, slots=1)
    assert reread(request).status == UpgradeStatus.VERIFYING_BURN
    world.chain.rollback(25)
    world.work(rounds=30, slots=10)
    request = reread(request)
    assert request.status == UpgradeStatus.AWAITING_BURN
    assert request.error_code == rejection_code(request) == "BURN_NOT_SEEN"
    assert world.holds(member, nft.mint_address)
    assert world.mint(request.order.mint_address) is None
    burn_own(world, member, nft, request.id)  # and a real one still counts
    world.work(rounds=24)
    assert reread(request).status == UpgradeStatus.COMPLETED


def test_a_signature_that_proved_an_upgrade_proves_no_second(world: World) -> None:
    """One's own, of the level before; told again, and sent again."""
    member, nft = world.unlocked_member()
    first, built = world.start(member, nft)
    raw = member.sign(built.raw)
    signature = world.burn(member, built)
    assert world.send(raw) == signature  # the cluster has it already: nothing lands again
    world.work(rounds=24)
    qualify(member.user, 3)
    new = reread(first).new_nft
    assert new is not None
    second, _ = world.start(member, new)
    with pytest.raises(Conflict) as refused:
        confirm(world, member, second, signature)
    assert refused.value.code == "BURN_SIGNATURE_USED"
    world.work(rounds=12)
    assert reread(second).status == UpgradeStatus.AWAITING_BURN
    assert world.holds(member, new.mint_address)


def test_a_mint_that_was_closed_is_no_burn(world: World) -> None:
    """Ours cannot be closed. Were a row to name one that can, its absence would prove nothing."""
    member, mint = world.new_member(), Keypair()
    world.chain.tick(33)
    world.run(_closable(member, mint), payer(), mint)
    nft = make_nft(member.user, 1, mint_address=str(mint.pubkey()))
    qualify(member.user, 2)
    request, _ = world.start(member, nft)
    step = burn(member.key, mint, account=home(member.key, mint))
    close = models.CloseAccountParams(
        program_id=PROGRAM, account=mint.pubkey(), dest=member.key.pubkey(),
        owner=member.key.pubkey(),
    )  # fmt: skip
    signature = world.run([step, spl.close_account(close)], member.key)
    assert world.mint(nft.mint_address) is None
    confirm(world, member, request, signature)
    world.work(rounds=3)
    assert rejection_code(reread(request)) == "BURN_WRONG_MINT"
    nft.refresh_from_db()
    assert nft.status == NftStatus.UPGRADING
    assert not Event.objects.filter(type="nft_burned", user_id=member.user.id).exists()


def _closable(member: Member, mint: Keypair) -> list[Instruction]:
    """A mint with a close authority, its one token in the member's wallet."""
    me, address, space = payer().pubkey(), mint.pubkey(), 166 + 4 + 32
    rent = on_chain(lambda chain: chain.minimum_rent(space))
    extension = b"\x19\x01" + bytes(member.key.pubkey())
    begin = models.InitializeMint2Params(
        program_id=PROGRAM, mint=address, decimals=0, mint_authority=me, freeze_authority=None
    )
    issue = models.MintToCheckedParams(
        program_id=PROGRAM, mint=address, dest=home(member.key, mint), mint_authority=me,
        amount=1, decimals=0,
    )  # fmt: skip
    lock = models.SetAuthorityParams(
        program_id=PROGRAM, account=address, current_authority=me, new_authority=None,
        authority=models.AuthorityType.MINT_TOKENS,
    )  # fmt: skip
    return [
        _create(me, address, rent, space),
        Instruction(PROGRAM, extension, [AccountMeta(address, False, True)]),
        spl.initialize_mint2(begin),
        open_home(payer(), member.key, mint),
        spl.mint_to_checked(issue),
        spl.set_authority(lock),
    ]


def _create(me: Pubkey, address: Pubkey, lamports: int, space: int) -> Instruction:
    return create_account(
        CreateAccountParams(
            from_pubkey=me, to_pubkey=address, lamports=lamports, space=space, owner=PROGRAM
        )
    )
