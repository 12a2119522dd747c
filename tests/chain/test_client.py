"""The client over real HTTP to a real SVM. What could go wrong: an unfinal state is taken for
final; absent, funded and foreign accounts are mixed up; a second sending mints twice."""

import pytest
from solders.keypair import Keypair
from solders.system_program import TransferParams, transfer

from chain import nft
from chain.errors import ChainRejected, ChainUnavailable
from chain.mints import MintVerdict, judge_mint
from chain.records import TOKEN_2022, ForeignAccount, SignatureStatus
from tests.chain.net import Net, approve, burn, home, memo
from tests.chain.svm import REQUEST, SOL, fields, sign


def test_the_cluster_says_where_it_stands(net: Net):
    assert net.ask(lambda client: client.genesis_hash()) == net.process.genesis_hash
    net.ask(lambda client: client.require_cluster(net.process.genesis_hash))
    slot = net.ask(lambda client: client.slot())
    height = net.ask(lambda client: client.block_height())
    net.process.tick(5)
    assert net.ask(lambda client: client.slot()) == slot + 5
    assert net.ask(lambda client: client.block_height()) == height + 5


def test_a_blockhash_is_good_for_150_blocks_from_a_final_block(net: Net):
    blockhash = net.blockhash
    height = net.ask(lambda client: client.block_height())
    assert blockhash.last_valid_block_height == height + 150


def test_balances_are_final_ones(net: Net):
    keypair = net.funded(SOL)
    address = str(keypair.pubkey())
    assert net.ask(lambda client: client.balance(address)) == 0
    net.process.finalize()
    assert net.ask(lambda client: client.balance(address)) == SOL


def test_absent_funded_and_foreign_accounts_are_told_apart(net: Net):
    owner = net.funded()
    mint = net.minted(owner)
    assert net.account(Keypair().pubkey()) is None
    funded = net.account(owner.pubkey())
    assert isinstance(funded, ForeignAccount)
    assert funded.is_only_funded
    token_account = net.account(home(owner, mint))
    assert isinstance(token_account, ForeignAccount)
    assert (token_account.owner_program, token_account.is_only_funded) == (TOKEN_2022, False)


def test_a_mint_is_read_as_it_was_built(net: Net):
    owner = net.funded()
    mint = Keypair()
    net.broadcast(net.build_mint(mint, owner))
    assert net.account(mint.pubkey()) is None
    net.process.finalize()
    account = net.mint_account(mint)
    assert dict(account.fields) == fields()
    assert account.slot == net.ask(lambda client: client.slot())
    assert judge_mint(account, issue=REQUEST) is MintVerdict.OURS_LIVE


def test_only_the_wallet_with_the_nft_holds_it(net: Net):
    owner, stranger = net.funded(), net.funded()
    mint = net.minted(owner)
    address = str(mint.pubkey())
    assert net.ask(lambda client: client.holds(str(owner.pubkey()), address))
    assert not net.ask(lambda client: client.holds(str(stranger.pubkey()), address))
    net.burned(owner, mint)
    assert not net.ask(lambda client: client.holds(str(owner.pubkey()), address))


def test_a_delegate_holds_nothing(net: Net):
    owner, delegate = net.funded(), net.funded()
    mint = net.minted(owner)
    net.run([approve(owner, delegate, mint)], owner)
    address = str(mint.pubkey())
    assert net.ask(lambda client: client.holds(str(owner.pubkey()), address))
    assert not net.ask(lambda client: client.holds(str(delegate.pubkey()), address))


def test_an_empty_account_that_stays_open_holds_nothing(net: Net):
    owner = net.funded()
    mint = net.minted(owner)
    net.run([burn(owner, mint, account=home(owner, mint))], owner)
    assert not net.ask(lambda client: client.holds(str(owner.pubkey()), str(mint.pubkey())))


def test_sending_the_same_mint_again_is_harmless(net: Net):
    mint, owner = Keypair(), net.funded()
    raw = net.build_mint(mint, owner)
    first = net.broadcast(raw)
    assert net.broadcast(raw) == first
    net.process.finalize()
    assert net.broadcast(raw) == first
    assert net.broadcast(raw, skip_preflight=True) == first
    assert net.mint_account(mint).supply == 1


def test_a_second_mint_of_the_same_request_is_refused_by_the_chain(net: Net):
    mint, owner = Keypair(), net.funded()
    net.land(net.build_mint(mint, owner))
    net.process.tick()
    with pytest.raises(ChainRejected, match="TRANSACTION_FAILED"):
        net.broadcast(net.build_mint(mint, owner))
    signature = net.land(net.build_mint(mint, owner), skip_preflight=True)
    status = net.ask(lambda client: client.signature_status(signature))
    assert status is not None
    assert (status.confirmation, status.error) == ("finalized", "InstructionError")
    assert net.mint_account(mint).supply == 1


def test_a_gift_does_not_block_the_mint(net: Net):
    mint, giver = Keypair(), net.funded()
    gift = TransferParams(from_pubkey=giver.pubkey(), to_pubkey=mint.pubkey(), lamports=SOL // 100)
    net.run([transfer(gift)], giver)
    account = net.account(mint.pubkey())
    assert isinstance(account, ForeignAccount)
    assert judge_mint(account, issue=REQUEST) is MintVerdict.ABSENT
    net.land(net.build_mint(mint, giver, funded_lamports=account.lamports))
    assert net.mint_account(mint).supply == 1


def test_a_transaction_too_old_is_refused_but_not_for_ever(net: Net):
    """Whether it can still land, only the block height tells."""
    raw = net.build_mint(Keypair(), net.funded())
    net.process.tick(200)
    with pytest.raises(ChainUnavailable, match="BLOCKHASH_NOT_FOUND"):
        net.broadcast(raw)


def test_a_payer_without_money_can_be_filled_up(net: Net):
    built = nft.build_burn(
        wallet=str((poor := Keypair()).pubkey()),
        mint=str(Keypair().pubkey()),
        memo="m",
        blockhash=net.blockhash,
    )
    with pytest.raises(ChainUnavailable, match="FEE_PAYER_EMPTY"):
        net.broadcast(sign(built.raw, poor))


def test_a_transaction_with_a_wrong_signature_is_refused_for_ever(net: Net):
    built = nft.build_burn(
        wallet=str(net.payer.pubkey()),
        mint=str(Keypair().pubkey()),
        memo="m",
        blockhash=net.blockhash,
    )
    with pytest.raises(ChainRejected, match="INVALID_SIGNATURE"):
        net.broadcast(built.raw)


def test_a_status_grows_until_it_is_final(net: Net):
    owner = net.funded()
    signature = net.broadcast(net.build_mint(Keypair(), owner))

    def status() -> SignatureStatus:
        found = net.ask(lambda client: client.signature_status(signature))
        assert found is not None
        return found

    assert status().confirmation == "processed"
    net.process.tick()
    assert status().confirmation == "confirmed"
    net.process.tick(31)
    assert status().confirmation == "finalized"
    assert status().error is None


def test_a_transaction_on_an_abandoned_fork_is_gone(net: Net):
    net.process.tick()
    mint = Keypair()
    signature = net.broadcast(net.build_mint(mint, net.payer))
    net.process.tick(3)
    net.process.rollback(4)
    net.process.finalize()
    assert net.ask(lambda client: client.signature_status(signature)) is None
    assert net.ask(lambda client: client.transaction(signature)) is None
    assert net.account(mint.pubkey()) is None


def test_the_history_of_a_mint_names_its_burn(net: Net):
    owner = net.funded()
    mint = net.minted(owner)
    start = net.ask(lambda client: client.slot())
    net.run([memo(owner, "unrelated")], owner)
    burned = net.burned(owner, mint)
    address = str(mint.pubkey())
    found = net.ask(lambda client: client.signatures_for_address(address, down_to_slot=start + 1))
    assert [item.signature for item in found] == [burned]
    assert nft.burn_memo(REQUEST) in (found[0].memo or "")
    whole = net.ask(lambda client: client.signatures_for_address(address, down_to_slot=0))
    assert len(whole) == 2


def test_an_unknown_transaction_is_none(net: Net):
    signature = str(Keypair().sign_message(b"nothing"))
    assert net.ask(lambda client: client.transaction(signature)) is None
    assert net.ask(lambda client: client.signature_status(signature)) is None
