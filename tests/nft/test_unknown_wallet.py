"""Who trades before they ever sign in finds everything when they do."""

import pytest
from django.test import Client

from tests.accounts.conftest import Wallet
from tests.nft.earners import rule, settle
from tests.trading.parts import make_trade, record


@pytest.mark.django_db(transaction=True)
def test_trades_of_an_unknown_wallet_are_credited_when_it_signs_in() -> None:
    wallet = Wallet(Client())
    rule("whale", volume_at_least=100)
    record(make_trade("t-1", wallet.address, "150.5"))
    settle()
    access = wallet.sign_in()["access"]
    headers = {"Authorization": f"Bearer {access}"}
    found = wallet.client.get("/api/v1/user/qualification", headers=headers).json()
    assert found["volume"] == "150.5"
    badges = wallet.client.get("/api/v1/user/badges", headers=headers).json()["results"]
    assert [(badge["slug"], badge["status"]) for badge in badges] == [("whale", "earned")]
