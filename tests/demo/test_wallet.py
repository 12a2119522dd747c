"""The command-line wallet: what it signs is what the backend accepts."""

import base64
import io
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from solders.hash import Hash
from solders.keypair import Keypair
from solders.signature import Signature

from chain.nft import build_burn, check_signed_burn
from chain.records import Blockhash
from demo.wallet import main, sign_transaction


@pytest.fixture
def wallet_file(tmp_path: Path) -> Path:
    file = tmp_path / "wallet.json"
    assert main(["new", str(file)]) == 0
    return file


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Any:
    def give(value: object) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(value)))

    return give


def _burn(*, wallet: Keypair, sponsor: Keypair | None = None) -> Any:
    return build_burn(
        wallet=str(wallet.pubkey()),
        mint=str(Keypair().pubkey()),
        memo="a burn",
        blockhash=Blockhash(str(Hash.new_unique()), 1),
        fee_payer=str(sponsor.pubkey()) if sponsor else None,
    )


def test_a_new_wallet_is_private_and_its_address_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wallet.json"
    assert main(["new", str(file)]) == 0
    assert capsys.readouterr().out.strip() == str(Keypair.from_json(file.read_text()).pubkey())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_wallet_is_never_overwritten(wallet_file: Path) -> None:
    before = wallet_file.read_text()
    assert main(["new", str(wallet_file)]) == 1
    assert wallet_file.read_text() == before


def test_a_message_is_signed_byte_for_byte(
    wallet_file: Path, answer: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    message = "example.org wants you\n\nNonce: ä "
    answer({"nonce": "…", "message": message})
    capsys.readouterr()
    assert main(["sign-message", str(wallet_file)]) == 0
    body = json.loads(capsys.readouterr().out)
    wallet = Keypair.from_json(wallet_file.read_text()).pubkey()
    assert (body["address"], body["message"]) == (str(wallet), message)
    assert Signature.from_string(body["signature"]).verify(wallet, message.encode())


@pytest.mark.parametrize("sponsor", [None, Keypair()], ids=["own fee", "sponsored"])
def test_a_signed_burn_is_one_that_the_backend_takes(sponsor: Keypair | None) -> None:
    wallet = Keypair()
    burn = _burn(wallet=wallet, sponsor=sponsor)
    body = sign_transaction(wallet, {"burnTransaction": base64.b64encode(burn.raw).decode()})
    signed = check_signed_burn(
        base64.b64decode(body["signedTransaction"]),
        expected_message_hashes={burn.message_hash},
        wallet=str(wallet.pubkey()),
        fee_payer=sponsor,
    )
    assert signed.message_hash == burn.message_hash


def test_another_wallets_burn_is_not_signed(
    wallet_file: Path, answer: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    burn = _burn(wallet=Keypair())
    answer({"burnTransaction": base64.b64encode(burn.raw).decode()})
    capsys.readouterr()
    assert main(["sign-transaction", str(wallet_file)]) == 1
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("given", [{"code": 409}, [], {"burnTransaction": "AA"}])
def test_an_error_answer_is_not_signed(
    wallet_file: Path, answer: Any, given: object, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    answer(given)
    assert main(["sign-transaction", str(wallet_file)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err != ""
