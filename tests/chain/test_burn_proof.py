"""Every way to pretend a burn that we thought of, on a real chain over HTTP.

What could go wrong: a delegate burns for its owner; a wallet burns what it does not hold;
another NFT, another wallet, another amount; the real burn hides behind a harmless one; an old,
failed or unfinal transaction; lookup tables, inner instructions and batches hide accounts.
"""

import struct
from dataclasses import replace

import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import CreateAccountParams, create_account
from spl.token import instructions as spl
from spl.token import models

from chain import nft
from chain.burns import judge_burn
from chain.errors import ChainRejected, ChainUnavailable
from chain.records import BurnProof, ConfirmedTransaction, MintAccount
from chain.records import Instruction as Ran
from chain.token2022 import PROGRAM
from tests.chain.net import Net, approve, burn, home, memo, move, open_home, plain_burn
from tests.chain.svm import REQUEST, sign

TABLES = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
SYSTEM = Pubkey.from_string("11111111111111111111111111111111")


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


def test_an_honest_burn_is_proven(net: Net, owner: Keypair, mint: Keypair):
    signature = net.burned(owner, mint)
    proof = net.judge(signature, mint=mint, wallet=owner)
    assert (proof.signature, proof.mint, proof.wallet) == (
        signature,
        str(mint.pubkey()),
        str(owner.pubkey()),
    )
    assert proof.memos == (nft.burn_memo(REQUEST),)
    assert proof.request_ids == (REQUEST,)
    assert proof.slot == net.transaction(signature).slot
    assert proof.block_time is not None


def test_a_burn_by_the_unchecked_instruction_counts(net: Net, owner: Keypair, mint: Keypair):
    signature = net.run([plain_burn(owner, mint)], owner)
    assert net.judge(signature, mint=mint, wallet=owner).request_ids == ()


def test_a_burn_with_nothing_closed_counts(net: Net, owner: Keypair, mint: Keypair):
    signature = net.run([burn(owner, mint, account=home(owner, mint))], owner)
    assert net.judge(signature, mint=mint, wallet=owner).memos == ()


def test_a_burn_that_somebody_else_pays_for_counts(net: Net, owner: Keypair, mint: Keypair):
    signature = net.run([burn(owner, mint, account=home(owner, mint))], net.payer, owner)
    assert net.judge(signature, mint=mint, wallet=owner).wallet == str(owner.pubkey())


def test_a_burn_is_not_seen_before_it_is_final(net: Net, owner: Keypair, mint: Keypair):
    built = nft.build_burn(
        wallet=str(owner.pubkey()), mint=str(mint.pubkey()), memo="m", blockhash=net.blockhash
    )
    signature = net.broadcast(sign(built.raw, owner))
    net.process.tick(31)
    assert net.ask(lambda client: client.transaction(signature)) is None
    net.process.tick()
    assert net.judge(signature, mint=mint, wallet=owner).signature == signature


def test_a_delegate_cannot_burn_for_the_owner(net: Net, owner: Keypair, mint: Keypair):
    delegate = net.funded()
    net.run([approve(owner, delegate, mint)], owner)
    signature = net.run([burn(delegate, mint, account=home(owner, mint))], delegate)
    assert net.mint_account(mint).supply == 0
    assert refused(net, signature, mint=mint, wallet=owner) == "BURN_BY_DELEGATE"
    assert refused(net, signature, mint=mint, wallet=delegate) == "BURN_NOT_HELD"


def test_a_delegates_burn_does_not_count_where_the_owner_only_pays(
    net: Net, owner: Keypair, mint: Keypair
):
    delegate = net.funded()
    steps = [approve(owner, delegate, mint), burn(delegate, mint, account=home(owner, mint))]
    signature = net.run(steps, owner, delegate)
    assert refused(net, signature, mint=mint, wallet=owner) == "BURN_BY_DELEGATE"


def test_an_empty_burn_by_the_owner_does_not_cover_a_delegates(
    net: Net, owner: Keypair, mint: Keypair
):
    delegate = net.funded()
    account = home(owner, mint)
    steps = [
        approve(owner, delegate, mint),
        burn(owner, mint, account=account, amount=0),
        burn(delegate, mint, account=account),
        burn(owner, mint, account=account, amount=0),
    ]
    signature = net.run(steps, owner, delegate)
    assert refused(net, signature, mint=mint, wallet=owner) == "BURN_BY_DELEGATE"


def test_burning_nothing_is_no_burn(net: Net, owner: Keypair, mint: Keypair):
    signature = net.run([burn(owner, mint, account=home(owner, mint), amount=0)], owner)
    assert refused(net, signature, mint=mint, wallet=owner) == "BURN_WRONG_AMOUNT"


def test_the_burn_of_another_nft_does_not_count(net: Net, owner: Keypair, mint: Keypair):
    other = net.minted(owner)
    signature = net.burned(owner, other)
    assert refused(net, signature, mint=mint, wallet=owner) == "BURN_WRONG_MINT"


def test_an_empty_burn_beside_another_nfts_does_not_count(net: Net, owner: Keypair, mint: Keypair):
    other = net.minted(owner)
    steps = [
        burn(owner, mint, account=home(owner, mint), amount=0),
        burn(owner, other, account=home(owner, other)),
    ]
    signature = net.run(steps, owner)
    assert refused(net, signature, mint=mint, wallet=owner) == "BURN_WRONG_AMOUNT"
    assert net.judge(signature, mint=other, wallet=owner).mint == str(other.pubkey())


def test_somebody_elses_burn_does_not_count(net: Net, owner: Keypair, mint: Keypair):
    signature = net.burned(owner, mint)
    assert refused(net, signature, mint=mint, wallet=net.funded()) == "BURN_WRONG_WALLET"


def test_who_was_given_the_nft_in_the_same_moment_did_not_hold_it(
    net: Net, owner: Keypair, mint: Keypair
):
    friend = net.funded()
    account = home(friend, mint)
    steps = [
        open_home(owner, friend, mint),
        move(owner, mint, to=account),
        burn(friend, mint, account=account),
    ]
    signature = net.run(steps, owner, friend)
    assert refused(net, signature, mint=mint, wallet=friend) == "BURN_NOT_HELD"
    assert refused(net, signature, mint=mint, wallet=owner) == "BURN_WRONG_WALLET"


def test_an_owner_may_move_it_between_accounts_and_burn_it_at_once(
    net: Net, owner: Keypair, mint: Keypair
):
    second = Keypair()
    space = 170  # Token-2022 gives the associated account 170 bytes; a plain one takes 165
    rent = net.ask(lambda client: client.minimum_rent(space))
    steps = [
        create_account(
            CreateAccountParams(
                from_pubkey=owner.pubkey(),
                to_pubkey=second.pubkey(),
                lamports=rent,
                space=165,
                owner=PROGRAM,
            )
        ),
        spl.initialize_account3(
            models.InitializeAccount3Params(
                program_id=PROGRAM,
                account=second.pubkey(),
                mint=mint.pubkey(),
                owner=owner.pubkey(),
            )
        ),
        move(owner, mint, to=second.pubkey()),
    ]
    net.run(steps, owner, second)
    wallet, address = str(owner.pubkey()), str(mint.pubkey())
    found = net.ask(lambda client: client.token_account(wallet, address))
    assert found == str(second.pubkey())
    moved = [
        move(owner, mint, to=home(owner, mint), source=second.pubkey()),
        burn(owner, mint, account=home(owner, mint)),
    ]
    signature = net.run(moved, owner)
    assert net.judge(signature, mint=mint, wallet=owner).wallet == wallet


def test_a_transaction_without_a_burn_is_no_burn(net: Net, owner: Keypair, mint: Keypair):
    signature = net.run([memo(owner, nft.burn_memo(REQUEST))], owner)
    assert refused(net, signature, mint=mint, wallet=owner) == "BURN_NOT_FOUND"


def test_a_failed_transaction_burned_nothing(net: Net, owner: Keypair, mint: Keypair):
    account = home(owner, mint)
    steps = [burn(owner, mint, account=account), burn(owner, mint, account=account)]
    signature = net.run(steps, owner, skip_preflight=True)
    assert net.transaction(signature).error == "InstructionError"
    assert refused(net, signature, mint=mint, wallet=owner) == "BURN_FAILED_ON_CHAIN"
    assert net.mint_account(mint).supply == 1


def test_a_burn_older_than_the_request_does_not_count(net: Net, owner: Keypair, mint: Keypair):
    signature = net.burned(owner, mint)
    slot = net.transaction(signature).slot
    with pytest.raises(ChainRejected, match="BURN_TOO_EARLY"):
        net.judge(signature, mint=mint, wallet=owner, not_before_slot=slot + 1)
    assert net.judge(signature, mint=mint, wallet=owner, not_before_slot=slot).slot == slot


def test_accounts_in_a_lookup_table_are_found(net: Net, owner: Keypair, mint: Keypair):
    table = make_table(net, [mint.pubkey(), home(owner, mint), PROGRAM, SYSTEM])
    signature = net.run_v0([burn(owner, mint, account=home(owner, mint))], table, owner)
    transaction = net.transaction(signature)
    addresses = [key.address for key in transaction.account_keys if not key.is_signer]
    assert str(mint.pubkey()) in addresses
    assert net.judge(signature, mint=mint, wallet=owner).mint == str(mint.pubkey())


def test_a_lookup_table_does_not_make_another_mint_ours(net: Net, owner: Keypair, mint: Keypair):
    other = net.minted(owner)
    table = make_table(net, [mint.pubkey(), other.pubkey(), home(owner, other)])
    signature = net.run_v0([burn(owner, other, account=home(owner, other))], table, owner)
    assert refused(net, signature, mint=mint, wallet=owner) == "BURN_WRONG_MINT"


def make_table(net: Net, addresses: list[Pubkey]) -> AddressLookupTableAccount:
    authority = net.payer.pubkey()
    slot = net.ask(lambda client: client.slot())
    seeds = [bytes(authority), struct.pack("<Q", slot)]
    table, bump = Pubkey.find_program_address(seeds, TABLES)
    metas = [
        AccountMeta(table, False, True),
        AccountMeta(authority, True, False),
        AccountMeta(authority, True, True),
        AccountMeta(SYSTEM, False, False),
    ]
    create = Instruction(TABLES, struct.pack("<IQB", 0, slot, bump), metas)
    content = b"".join(bytes(address) for address in addresses)
    extend = Instruction(TABLES, struct.pack("<IQ", 2, len(addresses)) + content, metas)
    net.run([create, extend], net.payer)
    return AddressLookupTableAccount(key=table, addresses=addresses)


# From here on: shapes that no program at hand produces, made from a real burn.


@pytest.fixture(scope="module")
def real(net: Net) -> tuple[ConfirmedTransaction, MintAccount, BurnProof]:
    owner = net.funded()
    mint = net.minted(owner)
    signature = net.burned(owner, mint)
    proof = net.judge(signature, mint=mint, wallet=owner)
    return net.transaction(signature), net.mint_account(mint), proof


Real = tuple[ConfirmedTransaction, MintAccount, BurnProof]


def rejudge(
    real: Real,
    *,
    steps: tuple[Ran, ...] | None = None,
    account: MintAccount | None = None,
    transaction: ConfirmedTransaction | None = None,
) -> BurnProof:
    original, mint_account, proof = real
    transaction = transaction or original
    if steps is not None:
        transaction = replace(transaction, instructions=steps)
    return judge_burn(
        transaction,
        mint=proof.mint,
        wallet=proof.wallet,
        mint_account=account or mint_account,
        not_before_slot=0,
    )


def burn_in(real: Real) -> Ran:
    return next(step for step in real[0].instructions if step.data[:1] == b"\x0f")


def test_an_inner_burn_counts(real: Real):
    outer = Ran("SomeProgram", (), b"\x01")
    assert rejudge(real, steps=(outer, burn_in(real))) == real[2]


def test_a_burn_inside_a_batch_counts(real: Real):
    step = burn_in(real)
    other = bytes([0, 1, 24])  # no accounts, one byte of data
    part = bytes([len(step.accounts), len(step.data)]) + step.data
    batch = Ran(step.program, step.accounts, b"\xff" + other + part)
    assert rejudge(real, steps=(batch,)) == real[2]


def test_a_batch_that_says_too_much_is_no_burn(real: Real):
    step = burn_in(real)
    for data in (b"\xff", b"\xff\x03", b"\xff\x03\xff\x0f", b"\xff\x00\x0a" + step.data):
        with pytest.raises(ChainRejected, match="BURN_NOT_FOUND"):
            rejudge(real, steps=(Ran(step.program, step.accounts, data),))


@pytest.mark.parametrize("program", ["TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", "x"])
def test_a_burn_by_another_program_does_not_count(real: Real, program: str):
    with pytest.raises(ChainRejected, match="BURN_NOT_FOUND"):
        rejudge(real, steps=(replace(burn_in(real), program=program),))


def test_a_damaged_instruction_is_no_burn(real: Real):
    step = burn_in(real)
    for damaged in (
        replace(step, data=step.data[:8]),
        replace(step, data=b""),
        replace(step, accounts=step.accounts[:2]),
        replace(step, data=b"\x07" + step.data[1:]),
    ):
        with pytest.raises(ChainRejected, match="BURN_NOT_FOUND"):
            rejudge(real, steps=(damaged,))


def test_an_authority_that_did_not_sign_does_not_count(real: Real):
    keys = tuple(replace(key, is_signer=False) for key in real[0].account_keys)
    with pytest.raises(ChainRejected, match="BURN_NOT_SIGNED"):
        rejudge(real, transaction=replace(real[0], account_keys=keys))


def test_a_wallet_that_still_holds_it_afterwards_did_not_burn_it(real: Real):
    kept = replace(real[0], post_token_balances=real[0].pre_token_balances)
    with pytest.raises(ChainRejected, match="BURN_NOT_HELD"):
        rejudge(real, transaction=kept)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"supply": 1}, "BURN_SUPPLY_REMAINS"),
        ({"mint_authority": "someone"}, "MINT_AUTHORITY_REMAINS"),
        ({"address": "another"}, "BURN_WRONG_MINT"),
    ],
)
def test_the_mint_must_be_gone_for_ever(real: Real, change: dict[str, object], code: str):
    with pytest.raises(ChainRejected, match=code):
        rejudge(real, account=replace(real[1], **change))  # type: ignore[arg-type]


def test_a_mint_account_read_before_the_burn_says_nothing_final(real: Real):
    old = replace(real[1], slot=real[0].slot - 1, supply=1)
    with pytest.raises(ChainUnavailable, match="STALE_READ"):
        rejudge(real, account=old)


def test_requests_are_named_once_and_other_memos_kept(real: Real):
    memos = ("hello", nft.burn_memo(REQUEST), nft.burn_memo(REQUEST))
    proof = rejudge(real, transaction=replace(real[0], memos=memos))
    assert (proof.memos, proof.request_ids) == (memos, (REQUEST,))
