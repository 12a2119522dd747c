import json
import traceback
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.keypair import Keypair

from chain.keys import derive_mint_keypair, load_keypair
from tests.chain.svm import REQUEST

SECRET = bytes(range(32))
NONCE = bytes(16)
BASE = {"secret": SECRET, "purpose": "upgrade-mint:v1", "request_id": REQUEST, "nonce": NONCE}


def derive(**change: object) -> str:
    return str(derive_mint_keypair(**{**BASE, **change}).pubkey())  # type: ignore[arg-type]


def test_the_same_inputs_give_the_same_mint_for_ever():
    # Recorded once: a change of the layout would lose every mint in flight.
    assert derive() == derive() == "7oqTuDMntNsaenZWTSA2JEngU3wVbJgZELztaJ5dUyUS"


@pytest.mark.parametrize(
    "change",
    [
        {"secret": bytes(32)},
        {"purpose": "unlock-mint:v1"},
        {"request_id": UUID(int=1)},
        {"nonce": bytes([1]) + bytes(15)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_input_changes_the_mint(change: dict[str, object]):
    assert derive(**change) != derive()


@pytest.mark.parametrize(
    "change", [{"secret": b"short"}, {"purpose": "upgrade-mint:v2"}, {"nonce": b"short"}], ids=str
)
def test_weak_or_unknown_inputs_are_refused(change: dict[str, object]):
    with pytest.raises(ValueError, match=r"secret|purpose|nonce"):
        derive(**change)


def test_a_keypair_loads_from_base58_and_from_a_json_array():
    keypair = Keypair()
    assert load_keypair(f" {keypair}\n") == keypair
    assert load_keypair(json.dumps(list(bytes(keypair)))) == keypair


@given(st.text(max_size=100))
def test_nonsense_is_refused_with_one_sentence(text: str):
    with pytest.raises(ValueError, match="not a Solana keypair"):
        load_keypair(text)


@pytest.mark.parametrize("as_json", [False, True])
def test_a_damaged_secret_is_quoted_nowhere(as_json: bool):
    secret = list(bytes(Keypair()))
    text = json.dumps([*secret[:-1], secret[-1] ^ 1]) if as_json else str(Keypair())[:-1] + "0"
    with pytest.raises(ValueError, match="not a Solana keypair") as refused:
        load_keypair(text)
    shown = "".join(traceback.format_exception(refused.value)) + repr(refused.value)
    assert refused.value.__context__ is None
    assert text[:20] not in shown


def test_a_derived_keypair_does_not_show_its_secret():
    keypair = derive_mint_keypair(**BASE)  # type: ignore[arg-type]
    assert str(keypair)[:20] not in repr(keypair)
    assert str(list(keypair.secret()))[:20] not in repr(keypair)
