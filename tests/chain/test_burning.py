"""What could go wrong: the sponsor pays for more than the fee; a stranger's or a changed
transaction is sent under our name; a signature of somebody else passes; a memo is misread."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.keypair import Keypair
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata
from spl.token.instructions import get_associated_token_address

from chain import nft, token2022
from chain.errors import ChainRejected
from chain.records import UnsignedTransaction
from tests.chain.svm import REQUEST, Svm, sign

MEMO = nft.burn_memo(REQUEST)


def prepare(
    svm: Svm, mint: Keypair, *, fee_payer: Keypair | None = None, memo: str = MEMO
) -> UnsignedTransaction:
    return nft.build_burn(
        wallet=str(svm.owner.pubkey()),
        mint=str(mint.pubkey()),
        memo=memo,
        blockhash=svm.blockhash,
        fee_payer=str(fee_payer.pubkey()) if fee_payer else None,
    )


def check(svm: Svm, raw: bytes, *built: UnsignedTransaction, fee_payer: Keypair | None = None):
    return nft.check_signed_burn(
        raw,
        expected_message_hashes={item.message_hash for item in built},
        wallet=str(svm.owner.pubkey()),
        fee_payer=fee_payer,
    )


def test_a_burn_removes_the_nft_and_gives_the_rent_to_the_wallet(svm: Svm):
    mint = svm.minted()
    account = get_associated_token_address(svm.owner.pubkey(), mint.pubkey(), token2022.PROGRAM)
    rent, before = svm.lamports(account), svm.lamports(svm.owner.pubkey())
    result = svm.send(sign(prepare(svm, mint).raw, svm.owner))
    assert svm.mint_account(mint.pubkey()).supply == 0
    assert svm.lamports(account) == 0
    assert svm.lamports(svm.owner.pubkey()) == before + rent - result.fee()
    assert any(MEMO in line for line in result.logs())


def test_a_sponsor_pays_the_fee_and_nothing_else(svm: Svm):
    mint, sponsor = svm.minted(), svm.funded()
    before, wallet = svm.lamports(sponsor.pubkey()), svm.lamports(svm.owner.pubkey())
    built = prepare(svm, mint, fee_payer=sponsor)
    signed = check(svm, sign(built.raw, svm.owner), built, fee_payer=sponsor)
    result = svm.send(signed.raw)
    assert svm.lamports(sponsor.pubkey()) == before - result.fee()
    assert svm.lamports(svm.owner.pubkey()) > wallet
    assert signed.message_hash == built.message_hash


def test_a_sponsored_burn_needs_the_wallets_signature(svm: Svm):
    mint, sponsor = svm.minted(), svm.funded()
    built = prepare(svm, mint, fee_payer=sponsor)
    with pytest.raises(ChainRejected, match="INVALID_SIGNATURE"):
        check(svm, sign(built.raw, sponsor), built, fee_payer=sponsor)


def test_a_sponsor_never_signs_what_we_did_not_build(svm: Svm):
    mint, sponsor = svm.minted(), svm.funded()
    theirs = prepare(svm, mint, fee_payer=sponsor, memo="something else")
    with pytest.raises(ChainRejected, match="BURN_NOT_OURS"):
        check(svm, sign(theirs.raw, svm.owner), prepare(svm, mint), fee_payer=sponsor)


def test_a_burn_that_the_wallet_signed_is_accepted_as_it_is(svm: Svm):
    built = prepare(svm, svm.minted())
    raw = sign(built.raw, svm.owner)
    signed = check(svm, raw, prepare(svm, Keypair()), built)
    assert (signed.raw, signed.message_hash) == (raw, built.message_hash)
    assert signed.signature == str(VersionedTransaction.from_bytes(raw).signatures[0])


def test_a_wallet_that_is_not_a_signer_is_refused(svm: Svm):
    built = prepare(svm, svm.minted())
    with pytest.raises(ChainRejected, match="INVALID_SIGNATURE"):
        nft.check_signed_burn(
            sign(built.raw, svm.owner),
            expected_message_hashes={built.message_hash},
            wallet=str(Keypair().pubkey()),
        )


def test_an_unsigned_or_wrongly_signed_burn_is_refused(svm: Svm):
    built = prepare(svm, svm.minted())
    stranger = Keypair()
    forged = VersionedTransaction.from_bytes(built.raw)
    signature = stranger.sign_message(bytes(forged.message))
    forged = VersionedTransaction.populate(forged.message, [signature])
    for raw in (built.raw, bytes(forged)):
        with pytest.raises(ChainRejected, match="INVALID_SIGNATURE"):
            check(svm, raw, built)


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_no_changed_bit_passes(at: int, bit: int):
    raw = bytearray(RAW)
    raw[at % len(raw)] ^= 1 << bit
    with pytest.raises(ChainRejected) as refused:
        check(SHARED, bytes(raw), BUILT)
    assert refused.value.code in {"BURN_NOT_OURS", "INVALID_SIGNATURE", "INVALID_TRANSACTION"}


SHARED = Svm()
BUILT = prepare(SHARED, SHARED.minted())
RAW = sign(BUILT.raw, SHARED.owner)


@given(st.binary(max_size=1500))
def test_any_bytes_at_all_are_refused_in_one_way(raw: bytes):
    with pytest.raises(ChainRejected) as refused:
        check(SHARED, raw, BUILT)
    assert refused.value.code in {"BURN_NOT_OURS", "INVALID_TRANSACTION"}


def test_more_bytes_than_a_transaction_has_are_refused():
    with pytest.raises(ChainRejected, match="INVALID_TRANSACTION"):
        check(SHARED, bytes(1233), BUILT)


def test_bytes_after_the_transaction_are_refused():
    with pytest.raises(ChainRejected, match="INVALID_TRANSACTION"):
        check(SHARED, RAW + b"\0", BUILT)


def test_a_burn_names_the_token_account_that_it_was_given(svm: Svm):
    mint = svm.minted()
    built = nft.build_burn(
        wallet=str(svm.owner.pubkey()),
        mint=str(mint.pubkey()),
        memo=MEMO,
        blockhash=svm.blockhash,
        token_account=str(Keypair().pubkey()),
    )
    result = svm.try_send(sign(built.raw, svm.owner))
    assert isinstance(result, FailedTransactionMetadata)
    assert svm.mint_account(mint.pubkey()).supply == 1


def test_a_memo_names_its_request():
    request = uuid4()
    assert nft.parse_burn_memo(nft.burn_memo(request)) == request


@pytest.mark.parametrize(
    "text",
    ["", "hello", "aiw3:upgrade:", "aiw3:upgrade:1", f"x{MEMO}", f"{MEMO} ", MEMO.upper()],
)
def test_other_memos_name_none(text: str):
    assert nft.parse_burn_memo(text) is None


def test_the_module_is_a_standard():
    standard: nft.NftStandard = nft
    assert standard.mint_space(name="", symbol="", uri="", fields={}) > 234
