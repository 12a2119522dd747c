"""What could go wrong: a key in a log line, a traceback, a task message; a file that is gone or
was replaced while we run."""

import copy
import json
import pickle
import traceback
from pathlib import Path

import pytest
from solders.keypair import Keypair

from chain.errors import ChainUnavailable
from chain.nft import build_mint
from chain.signers import FileSigner, MemorySigner, Signer, read_signer
from tests.chain.svm import TEXTS, Svm, fields

NAME = "MINT_AUTHORITY_KEYPAIR"


def key_file(folder: Path, keypair: Keypair) -> Path:
    """As Solana's own tools write it."""
    path = folder / "authority.json"
    path.write_text(json.dumps(list(bytes(keypair))))
    return path


def both(folder: Path, keypair: Keypair) -> list[Signer]:
    return [MemorySigner(keypair), FileSigner(key_file(folder, keypair))]


def test_a_signer_prints_as_its_address_and_nothing_else(tmp_path: Path):
    keypair = Keypair()
    for signer in both(tmp_path, keypair):
        shown = f"{signer} {signer!r} {[signer]}"
        assert str(keypair.pubkey()) in shown
        for secret in (str(keypair), str(list(bytes(keypair)))[1:40], keypair.secret().hex()):
            assert secret not in shown


def test_a_signer_is_never_written_into_a_message(tmp_path: Path):
    for signer in both(tmp_path, Keypair()):
        for write in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="pickled"):
                write(signer)


def test_the_environment_gives_the_key_or_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    direct, filed = Keypair(), Keypair()
    monkeypatch.setenv(NAME, str(direct))
    assert read_signer(NAME).pubkey() == direct.pubkey()
    monkeypatch.setenv(f"{NAME}_FILE", str(key_file(tmp_path, filed)))
    assert read_signer(NAME).pubkey() == filed.pubkey()


def test_a_damaged_key_is_in_no_variable_of_its_traceback(monkeypatch: pytest.MonkeyPatch):
    damaged = str(Keypair())[:-1] + "0"
    monkeypatch.setenv(NAME, damaged)
    with pytest.raises(ValueError, match="not a Solana keypair") as refused:
        read_signer(NAME)
    frames = [frame for frame, _ in traceback.walk_tb(refused.value.__traceback__)]
    ours = [frame for frame in frames if "/chain/" in frame.f_code.co_filename and
            "/tests/" not in frame.f_code.co_filename]  # fmt: skip
    assert len(ours) == 2
    assert all(damaged[:20] not in repr(frame.f_locals) for frame in ours)


def test_a_file_signer_waits_until_its_file_is_back(tmp_path: Path):
    keypair = Keypair()
    path = key_file(tmp_path, keypair)
    signer, kept = FileSigner(path), path.read_text()
    key_file(tmp_path, Keypair())
    with pytest.raises(ChainUnavailable, match="SIGNER_UNAVAILABLE"):
        signer.sign_message(b"message")
    path.unlink()
    with pytest.raises(ChainUnavailable, match="SIGNER_UNAVAILABLE"):
        signer.sign_message(b"message")
    path.write_text(kept)
    assert signer.sign_message(b"message") == keypair.sign_message(b"message")


def test_a_key_that_lies_in_a_file_pays_for_a_mint(tmp_path: Path, svm: Svm):
    mint = Keypair()
    signed = build_mint(
        payer=FileSigner(key_file(tmp_path, svm.payer)),
        mint=mint,
        owner=str(svm.owner.pubkey()),
        **TEXTS,
        fields=fields(),
        rent_lamports=svm.rent(),
        blockhash=svm.blockhash,
    )
    svm.send(signed.raw)
    assert svm.mint_account(mint.pubkey()).supply == 1
