"""What could go wrong: the address is blocked by a gift; a retry mints twice; an authority
stays behind; the texts do not fit; rent is too small; a foreign account passes for ours."""

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import Transaction
from solders.transaction_metadata import FailedTransactionMetadata
from spl.token.instructions import get_associated_token_address

from chain import nft, token2022
from chain.errors import ChainRejected
from chain.mints import MintVerdict, judge_mint
from chain.records import ForeignAccount, MintAccount
from tests.chain.svm import REQUEST, SOL, TEXTS, Svm, Texts, fields, sign


def test_a_mint_is_complete_and_nobody_has_power_over_it(svm: Svm):
    mint = svm.minted().pubkey()
    account = svm.mint_account(mint)
    assert (account.supply, account.decimals) == (1, 0)
    assert account.mint_authority is account.freeze_authority is account.update_authority is None
    assert (account.name, account.symbol, account.uri) == tuple(TEXTS.values())
    assert dict(account.fields) == fields()
    assert account.issue == REQUEST
    assert account.extensions == (token2022.METADATA_POINTER, token2022.TOKEN_METADATA)


def test_the_metadata_pointer_points_at_the_mint_and_cannot_be_changed(svm: Svm):
    mint = svm.minted().pubkey()
    found = svm.vm.get_account(mint)
    assert found is not None
    header = token2022.METADATA_POINTER.to_bytes(2, "little") + (64).to_bytes(2, "little")
    assert header + bytes(32) + bytes(mint) in bytes(found.data)


def test_the_owner_gets_the_nft(svm: Svm):
    mint = svm.minted().pubkey()
    address = get_associated_token_address(svm.owner.pubkey(), mint, token2022.PROGRAM)
    found = svm.vm.get_account(address)
    assert found is not None
    account = token2022.parse_token_account(bytes(found.data))
    assert account is not None
    assert (account.mint, account.owner) == (str(mint), str(svm.owner.pubkey()))
    assert (account.amount, account.frozen) == (1, False)


def test_mint_space_is_exactly_what_the_account_takes(svm: Svm):
    mint = svm.minted().pubkey()
    found = svm.vm.get_account(mint)
    assert found is not None
    assert len(found.data) == nft.mint_space(**TEXTS, fields=fields())
    assert found.lamports == svm.rent()


def test_a_second_mint_of_the_same_request_fails_on_chain(svm: Svm):
    mint = svm.minted()
    svm.vm.expire_blockhash()
    result = svm.try_send(svm.build_mint(mint).raw)
    assert isinstance(result, FailedTransactionMetadata)
    assert svm.mint_account(mint.pubkey()).supply == 1


def test_a_second_mint_fails_also_when_the_first_was_burned(svm: Svm):
    mint = svm.minted()
    burn(svm, mint.pubkey())
    svm.vm.expire_blockhash()
    funded = svm.lamports(mint.pubkey())
    result = svm.try_send(svm.build_mint(mint, funded_lamports=funded).raw)
    assert isinstance(result, FailedTransactionMetadata)
    assert svm.mint_account(mint.pubkey()).supply == 0


@pytest.mark.parametrize("gift", [890_880, 2 * SOL])
def test_lamports_sent_to_the_address_do_not_block_it(svm: Svm, gift: int):
    mint, stranger = Keypair(), svm.funded()
    pay(svm, stranger, mint.pubkey(), gift)
    assert judge_mint(svm.account(mint.pubkey()), issue=REQUEST) is MintVerdict.ABSENT
    before = svm.lamports(svm.payer.pubkey())
    svm.send(svm.build_mint(mint, funded_lamports=gift).raw)
    assert svm.mint_account(mint.pubkey()).supply == 1
    assert svm.lamports(mint.pubkey()) == max(gift, svm.rent())
    assert svm.lamports(svm.payer.pubkey()) < before


def test_a_gift_that_arrives_after_we_looked_does_not_block_either(svm: Svm):
    mint = Keypair()
    transaction = svm.build_mint(mint)
    pay(svm, svm.funded(), mint.pubkey(), SOL)
    svm.send(transaction.raw)
    assert svm.mint_account(mint.pubkey()).supply == 1


def test_texts_that_do_not_fit_are_refused_before_anything_is_sent(svm: Svm):
    texts: Texts = {**TEXTS, "uri": "https://example.org/" + "x" * 600}
    with pytest.raises(ChainRejected) as refused:
        svm.build_mint(Keypair(), texts=texts)
    assert refused.value.code == "MINT_TOO_LARGE"


def test_a_long_name_and_address_still_fit_one_transaction(svm: Svm):
    texts: Texts = {"name": "N" * 32, "symbol": "S" * 10, "uri": "https://example.org/" + "u" * 100}
    svm.send(svm.build_mint(mint := Keypair(), texts=texts).raw)
    assert svm.mint_account(mint.pubkey()).uri == texts["uri"]


def test_an_owner_that_is_no_address_is_refused(svm: Svm):
    with pytest.raises(ChainRejected, match="INVALID_ADDRESS"):
        nft.build_mint(
            payer=svm.payer,
            mint=Keypair(),
            owner="nobody",
            **TEXTS,
            fields=fields(),
            rent_lamports=1,
            blockhash=svm.blockhash,
        )


SHARED = Svm()
text = st.text(max_size=24)


@settings(max_examples=25, deadline=None)
@given(name=text, symbol=st.text(max_size=8), uri=text, key=st.text(min_size=1, max_size=8))
def test_what_was_built_is_what_is_read_back(name: str, symbol: str, uri: str, key: str):
    texts: Texts = {"name": name, "symbol": symbol, "uri": uri}
    wanted = {"issue": str(REQUEST), key: name}
    rent = SHARED.vm.minimum_balance_for_rent_exemption(nft.mint_space(**texts, fields=wanted))
    mint = Keypair()
    transaction = nft.build_mint(
        payer=SHARED.payer,
        mint=mint,
        owner=str(SHARED.owner.pubkey()),
        **texts,
        fields=wanted,
        rent_lamports=rent,
        blockhash=SHARED.blockhash,
    )
    SHARED.send(transaction.raw)
    account = SHARED.mint_account(mint.pubkey())
    assert (account.name, account.symbol, account.uri) == (name, symbol, uri)
    assert dict(account.fields) == wanted
    assert account.lamports == rent


@settings(max_examples=200, deadline=None)
@given(cut=st.integers(0, 500), at=st.integers(0, 499), byte=st.integers(0, 255))
def test_damaged_accounts_are_read_or_refused_but_never_crash(cut: int, at: int, byte: int):
    data = bytearray(MINT_DATA)
    data[at % len(data)] = byte
    parsed = token2022.parse_mint(bytes(data[:cut]), address="x", lamports=1)
    assert parsed is None or parsed.address == "x"
    token2022.parse_token_account(bytes(data[:cut]))


def _mint_data() -> bytes:
    found = SHARED.vm.get_account(SHARED.minted().pubkey())
    assert found is not None
    return bytes(found.data)


MINT_DATA = _mint_data()


def test_nothing_there_means_absent():
    assert judge_mint(None, issue=REQUEST) is MintVerdict.ABSENT


def test_our_mint_is_recognized_alive_and_burned(svm: Svm):
    mint = svm.minted().pubkey()
    assert judge_mint(svm.account(mint), issue=REQUEST) is MintVerdict.OURS_LIVE
    burn(svm, mint)
    assert judge_mint(svm.account(mint), issue=REQUEST) is MintVerdict.OURS_BURNED


def test_the_mint_of_another_request_is_foreign(svm: Svm):
    assert judge_mint(svm.account(svm.minted().pubkey()), issue=uuid4()) is MintVerdict.FOREIGN


def test_an_account_of_another_program_is_foreign():
    account = ForeignAccount("a", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", 1, 82)
    assert judge_mint(account, issue=REQUEST) is MintVerdict.FOREIGN


@pytest.mark.parametrize(
    "change",
    [
        {"supply": 2},
        {"decimals": 1},
        {"mint_authority": "someone"},
        {"freeze_authority": "someone"},
        {"update_authority": "someone"},
        {"fields": (("issue", "nonsense"),)},
        {"fields": (("issue", str(REQUEST).upper()),)},
        {"extensions": (3, 18, 19)},
    ],
    ids=str,
)
def test_a_mint_that_we_would_never_make_is_foreign(change: dict[str, object]):
    mint = token2022.parse_mint(MINT_DATA, address="x", lamports=1)
    assert isinstance(mint, MintAccount)
    assert judge_mint(mint, issue=REQUEST) is MintVerdict.OURS_LIVE
    assert judge_mint(replace(mint, **change), issue=REQUEST) is MintVerdict.FOREIGN  # type: ignore[arg-type]


def test_a_plain_mint_has_no_texts_and_is_foreign(svm: Svm):
    plain = token2022.parse_mint(MINT_DATA[:82], address="x", lamports=1)
    assert plain is not None
    assert (plain.name, plain.fields, plain.issue) == ("", (), None)
    assert judge_mint(plain, issue=REQUEST) is MintVerdict.FOREIGN


def burn(svm: Svm, mint: Pubkey) -> None:
    unsigned = nft.build_burn(
        wallet=str(svm.owner.pubkey()), mint=str(mint), memo="m", blockhash=svm.blockhash
    )
    svm.send(sign(unsigned.raw, svm.owner))


def pay(svm: Svm, payer: Keypair, to: Pubkey, lamports: int) -> None:
    step = transfer(TransferParams(from_pubkey=payer.pubkey(), to_pubkey=to, lamports=lamports))
    transaction = Transaction.new_signed_with_payer(
        [step], payer.pubkey(), [payer], svm.vm.latest_blockhash()
    )
    svm.send(bytes(transaction))
