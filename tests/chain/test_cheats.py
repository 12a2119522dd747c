"""False burns that take more than a wallet: programs, mints and accounts made for the purpose,
all of them real transactions. test_burn_proof.py has the simpler ones."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import (
    CreateAccountParams,
    TransferParams,
    create_account,
    transfer,
)
from solders.sysvar import CLOCK, RENT
from spl.token import instructions as spl
from spl.token import models

from chain import nft
from chain.burns import judge_burn
from chain.errors import ChainRejected
from chain.mints import MintVerdict, judge_mint
from chain.records import SYSTEM_PROGRAM
from chain.token2022 import PROGRAM
from tests.chain.forwarder import forwarded, program_file
from tests.chain.net import Net, approve, burn, home, memo, move, open_home
from tests.chain.svm import REQUEST, TEXTS, fields

LOADER = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")
BUFFER_HEAD, PROGRAM_SPACE = 37, 36


@pytest.fixture
def owner(net: Net) -> Keypair:
    return net.funded()


@pytest.fixture
def mint(net: Net, owner: Keypair) -> Keypair:
    return net.minted(owner)


def refused(net: Net, signature: str, *, mint: Keypair, wallet: Keypair) -> str:
    with pytest.raises(ChainRejected) as rejection:
        net.judge(signature, mint=mint, wallet=wallet)
    return rejection.value.code


# Through another program.


@dataclass(frozen=True)
class Program:
    """`own` is the address that it can sign for."""

    address: Pubkey
    own: Pubkey
    bump: int

    def burn(self, authority: Pubkey, mint: Keypair, *, account: Pubkey) -> Instruction:
        step = models.BurnCheckedParams(
            program_id=PROGRAM, mint=mint.pubkey(), account=account, owner=authority,
            amount=1, decimals=0,
        )  # fmt: skip
        return forwarded(self.address, spl.burn_checked(step), bump=self.bump)


@pytest.fixture(scope="module")
def program(net: Net) -> Program:
    """Deployed as anybody deploys one: written into a buffer, piece by piece, and installed."""
    file, buffer, key, me = program_file(), Keypair(), Keypair(), net.payer

    def loader(number: int, data: bytes, *accounts: AccountMeta) -> Instruction:
        return Instruction(LOADER, struct.pack("<I", number) + data, list(accounts))

    def writable(address: Pubkey) -> AccountMeta:
        return AccountMeta(address, False, True)

    def read(address: Pubkey, *, signs: bool = False) -> AccountMeta:
        return AccountMeta(address, signs, False)

    make = make_account(net, buffer, BUFFER_HEAD + len(file), LOADER)
    net.run([make, loader(0, b"", writable(buffer.pubkey()), read(me.pubkey()))], me, buffer)
    for at in range(0, len(file), 900):
        part = file[at : at + 900]
        data = struct.pack("<IQ", at, len(part)) + part
        step = loader(1, data, writable(buffer.pubkey()), read(me.pubkey(), signs=True))
        net.run([step], me)
    code, _ = Pubkey.find_program_address([bytes(key.pubkey())], LOADER)
    install = loader(
        2, struct.pack("<Q", len(file)),
        AccountMeta(me.pubkey(), True, True), writable(code), writable(key.pubkey()),
        writable(buffer.pubkey()), read(RENT), read(CLOCK),
        read(Pubkey.from_string(SYSTEM_PROGRAM)), read(me.pubkey(), signs=True),
    )  # fmt: skip
    net.run([make_account(net, key, PROGRAM_SPACE, LOADER), install], me, key)
    own, bump = Pubkey.find_program_address([], key.pubkey())
    return Program(key.pubkey(), own, bump)


def make_account(net: Net, key: Keypair, space: int, program: Pubkey) -> Instruction:
    return create_account(
        CreateAccountParams(
            from_pubkey=net.payer.pubkey(), to_pubkey=key.pubkey(), space=space, owner=program,
            lamports=net.ask(lambda client: client.minimum_rent(space)),
        )
    )  # fmt: skip


def test_an_owners_burn_through_another_program_counts(
    net: Net, owner: Keypair, mint: Keypair, program: Program
):
    step = program.burn(owner.pubkey(), mint, account=home(owner, mint))
    signature = net.run([step], owner)
    ran = net.transaction(signature).instructions
    assert [it.program for it in ran] == [str(program.address), str(PROGRAM)]
    assert net.judge(signature, mint=mint, wallet=owner).wallet == str(owner.pubkey())


def test_a_program_that_is_the_delegate_cannot_burn_for_the_owner(
    net: Net, owner: Keypair, mint: Keypair, program: Program
):
    """Though the owner signs the very transaction."""
    allow = models.ApproveParams(
        program_id=PROGRAM, source=home(owner, mint), delegate=program.own,
        owner=owner.pubkey(), amount=1,
    )  # fmt: skip
    step = program.burn(program.own, mint, account=home(owner, mint))
    signature = net.run([spl.approve(allow), step], owner)
    assert net.mint_account(mint).supply == 0
    assert refused(net, signature, mint=mint, wallet=owner) == "BURN_BY_DELEGATE"


def test_what_a_program_holds_is_not_the_members_to_burn(
    net: Net, owner: Keypair, mint: Keypair, program: Program
):
    """As when it was staked, sold or lent to a program: handed over, burned by that, one signature."""
    vault = spl.get_associated_token_address(program.own, mint.pubkey(), PROGRAM)
    steps = [
        spl.create_idempotent_associated_token_account(
            owner.pubkey(), program.own, mint.pubkey(), PROGRAM
        ),
        move(owner, mint, to=vault),
        program.burn(program.own, mint, account=vault),
    ]
    signature = net.run(steps, owner)
    assert refused(net, signature, mint=mint, wallet=owner) == "BURN_WRONG_WALLET"


# Mints that are not what we make.


def rogue_mint(net: Net, owner: Keypair, *, extension: bytes = b"", locked: bool = True) -> Keypair:
    """One token for `owner`. `extension` is the instruction that initializes one of 32 bytes."""
    mint, me = Keypair(), net.payer.pubkey()
    space = 166 + 4 + 32 if extension else 82
    add = [Instruction(PROGRAM, extension, [AccountMeta(mint.pubkey(), False, True)])]
    begin = models.InitializeMint2Params(
        program_id=PROGRAM, mint=mint.pubkey(), decimals=0, mint_authority=me, freeze_authority=None
    )
    issue = models.MintToCheckedParams(
        program_id=PROGRAM, mint=mint.pubkey(), dest=home(owner, mint), mint_authority=me,
        amount=1, decimals=0,
    )  # fmt: skip
    lock = models.SetAuthorityParams(
        program_id=PROGRAM, account=mint.pubkey(), current_authority=me, new_authority=None,
        authority=models.AuthorityType.MINT_TOKENS,
    )  # fmt: skip
    steps = [
        make_account(net, mint, space, PROGRAM), *(add if extension else ()),
        spl.initialize_mint2(begin), open_home(net.payer, owner, mint), spl.mint_to_checked(issue),
        *([spl.set_authority(lock)] if locked else ()),
    ]  # fmt: skip
    net.run(steps, net.payer, mint)
    return mint


def test_a_mint_that_can_make_more_is_not_burned_for_ever(net: Net, owner: Keypair):
    mint = rogue_mint(net, owner, locked=False)
    signature = net.run([burn(owner, mint, account=home(owner, mint))], owner)
    assert net.mint_account(mint).supply == 0
    assert refused(net, signature, mint=mint, wallet=owner) == "MINT_AUTHORITY_REMAINS"


def test_a_permanent_delegate_cannot_burn_for_the_owner(net: Net, owner: Keypair):
    delegate = net.funded()
    mint = rogue_mint(net, owner, extension=b"\x23" + bytes(delegate.pubkey()))
    step = burn(delegate, mint, account=home(owner, mint))
    signature = net.run([step], owner, delegate)
    assert net.mint_account(mint).supply == 0
    assert refused(net, signature, mint=mint, wallet=owner) == "BURN_BY_DELEGATE"
    assert judge_mint(net.mint_account(mint), issue=REQUEST) is MintVerdict.FOREIGN


def test_a_look_alike_with_the_same_metadata_is_another_mint(
    net: Net, owner: Keypair, mint: Keypair
):
    """Anybody can make one: the same texts, the same `issue`, paid by themselves."""
    stranger, false = net.funded(), Keypair()
    space = nft.mint_space(**TEXTS, fields=fields())
    made = nft.build_mint(
        payer=stranger, mint=false, owner=str(owner.pubkey()), **TEXTS, fields=fields(),
        rent_lamports=net.ask(lambda client: client.minimum_rent(space)),
        blockhash=net.blockhash,
    )  # fmt: skip
    net.land(made.raw)
    assert net.mint_account(false).fields == net.mint_account(mint).fields
    signature = net.burned(owner, false)
    assert refused(net, signature, mint=mint, wallet=owner) == "BURN_WRONG_MINT"
    with pytest.raises(ChainRejected, match="BURN_WRONG_MINT"):  # nor does its account stand in
        judge_burn(
            net.transaction(signature), mint=str(false.pubkey()), wallet=str(owner.pubkey()),
            mint_account=net.mint_account(mint), not_before_slot=0,
        )  # fmt: skip


# Accounts that change hands, or are gone.


def test_an_account_given_away_in_the_same_transaction_is_not_the_members(
    net: Net, owner: Keypair, mint: Keypair
):
    buyer = net.funded()
    give = models.SetAuthorityParams(
        program_id=PROGRAM, account=home(owner, mint), current_authority=owner.pubkey(),
        new_authority=buyer.pubkey(), authority=models.AuthorityType.CLOSE_ACCOUNT,
    )  # fmt: skip
    steps = [
        spl.set_authority(give),  # Token-2022 lets no associated account change its owner
        approve(owner, buyer, mint),
        burn(buyer, mint, account=home(owner, mint)),
    ]
    signature = net.run(steps, owner, buyer)
    assert refused(net, signature, mint=mint, wallet=owner) == "BURN_BY_DELEGATE"


def test_a_closed_account_has_nothing_to_burn(net: Net, owner: Keypair, mint: Keypair):
    friend = net.funded()
    close = models.CloseAccountParams(
        program_id=PROGRAM, account=home(owner, mint), dest=owner.pubkey(), owner=owner.pubkey()
    )
    steps = [
        open_home(owner, friend, mint),
        move(owner, mint, to=home(friend, mint)),
        spl.close_account(close),
    ]
    sold = net.run(steps, owner)
    assert refused(net, sold, mint=mint, wallet=owner) == "BURN_NOT_FOUND"
    step = burn(owner, mint, account=home(owner, mint))
    signature = net.run([step], owner, skip_preflight=True)
    assert refused(net, signature, mint=mint, wallet=owner) == "BURN_FAILED_ON_CHAIN"


def test_an_account_closed_and_opened_again_holds_nothing_of_before(
    net: Net, owner: Keypair, mint: Keypair
):
    """Given back by a friend in the very transaction: held for a moment is not held."""
    friend = net.funded()
    there, back = home(friend, mint), home(owner, mint)
    close = models.CloseAccountParams(
        program_id=PROGRAM, account=back, dest=owner.pubkey(), owner=owner.pubkey()
    )
    net.run([open_home(owner, friend, mint), move(owner, mint, to=there),
             spl.close_account(close)], owner)  # fmt: skip
    steps = [
        open_home(owner, owner, mint),
        move(friend, mint, to=back, source=there),
        burn(owner, mint, account=back),
    ]
    signature = net.run(steps, owner, friend)
    assert refused(net, signature, mint=mint, wallet=owner) == "BURN_NOT_HELD"


# Honest ones that look unusual.


def extras(owner: Keypair, other: Pubkey) -> Sequence[Instruction]:
    gift = TransferParams(from_pubkey=owner.pubkey(), to_pubkey=other, lamports=1_000_000)
    return [transfer(gift), memo(owner, "thank you"), memo(owner, nft.burn_memo(REQUEST))]


def test_a_burn_among_other_instructions_with_a_compute_budget_counts(
    net: Net, owner: Keypair, mint: Keypair
):
    limits = [set_compute_unit_limit(150_000), set_compute_unit_price(20_000)]
    around = extras(owner, net.payer.pubkey())
    steps = [*limits, *around, burn(owner, mint, account=home(owner, mint))]
    proof = net.judge(net.run(steps, owner), mint=mint, wallet=owner)
    assert proof.request_ids == (REQUEST,)
    assert proof.memos[0] == "thank you"
