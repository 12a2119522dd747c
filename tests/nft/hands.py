"""NFTs that change hands on the chain, and the workers that notice."""

from solders.instruction import Instruction
from spl.token import instructions as spl
from spl.token import models as spl_models

from chain import token2022
from chain.addresses import parse_address
from events.models import Event
from nft.models import NftHolding, UserNft
from nft.services.following import follow_nft, glance_at_holders
from nft.services.giving_away import cancel_given_away
from tests.nft.test_whose_burn import send_own
from tests.nft.world import FINALITY, Member, World


def transfer_steps(giver: Member, mint: str, to: str, *, plain: bool = False) -> list[Instruction]:
    """`plain`: the old Transfer instruction, which does not name the mint."""
    program, key = token2022.PROGRAM, parse_address(mint)
    source = spl.get_associated_token_address(giver.key.pubkey(), key, program)
    target = spl.get_associated_token_address(parse_address(to), key, program)
    if plain:
        move = spl.transfer(
            spl_models.TransferParams(
                program_id=program, source=source, dest=target, owner=giver.key.pubkey(), amount=1
            )
        )
    else:
        move = spl.transfer_checked(
            spl_models.TransferCheckedParams(
                program_id=program,
                source=source,
                mint=key,
                dest=target,
                owner=giver.key.pubkey(),
                amount=1,
                decimals=0,
            )
        )
    open_target = spl.create_idempotent_associated_token_account(
        giver.key.pubkey(), parse_address(to), key, program
    )
    return [open_target, move]


def hand(
    world: World, giver: Member, nft: UserNft, to: str, *, plain: bool = False, final: bool = True
) -> str:
    """The signature of the transfer."""
    if plain:  # the account is opened before, so that the move itself names no mint
        open_target, move = transfer_steps(giver, nft.mint_address, to, plain=True)
        send_own(world, [open_target], giver)
        world.chain.tick(FINALITY)
        signature = send_own(world, [move], giver)
    else:
        signature = send_own(world, transfer_steps(giver, nft.mint_address, to), giver)
    if final:
        world.chain.tick(FINALITY)
    return signature


def notice(world: World, *, rounds: int = 3) -> None:
    """What beat and the workers do to see who holds what."""
    for _ in range(rounds):
        world.pass_time(seconds=31)
        cancel_given_away(now=world.now)
        glance_at_holders(now=world.now)
        for holding in NftHolding.objects.followed().due(now=world.now):
            follow_nft(holding_id=holding.id, now=world.now)


def told(kind: str, nft: UserNft) -> list[Event]:
    return list(Event.objects.filter(type=kind, data__nftId=str(nft.id)).order_by("id"))
