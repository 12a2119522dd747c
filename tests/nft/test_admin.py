"""Operators look at everything, edit tiers, and change no state."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.backends import ModelBackend
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts.models import User
from nft.models import (
    BurnTransaction,
    MintOrder,
    NftStatus,
    Tier,
    UpgradeRequest,
    UpgradeStatusHistory,
    UserNft,
)
from tests.nft.conftest import make_nft, make_upgrade, new_signature

LOOK_ONLY = [BurnTransaction, MintOrder, UpgradeRequest, UpgradeStatusHistory, UserNft]
SECRET = b"\xfasecret-bytes!!!"


@pytest.fixture
def operator(client: Client, db: None) -> Client:
    chief = User.objects.create_superuser("chief", "a long enough password")
    backend = f"{ModelBackend.__module__}.{ModelBackend.__qualname__}"
    client.force_login(chief, backend=backend)
    return client


@pytest.fixture
def upgrade(tiers: list[Tier], user: User) -> UpgradeRequest:
    request = make_upgrade(user, make_nft(user, 1, status=NftStatus.UPGRADING))
    request.burn_transactions.create(
        message_hash="ab" * 32,
        last_valid_block_height=7,
        created_at=request.created_at,
        signature=new_signature(),
        signed_transaction=SECRET,
    )
    MintOrder.objects.filter(id=request.order_id).update(
        nonce=SECRET,
        signed_transaction=SECRET,
        signature=new_signature(),
        last_valid_block_height=7,
    )
    return request


def page(model: type[Model], name: str, *args: object) -> str:
    return reverse(f"admin:nft_{model._meta.model_name}_{name}", args=args)


def test_every_model_is_registered() -> None:
    assert all(admin.site.is_registered(model) for model in apps.get_app_config("nft").get_models())


@pytest.mark.usefixtures("upgrade")
@pytest.mark.parametrize("model", LOOK_ONLY)
def test_rows_are_shown_and_can_be_neither_added_changed_nor_deleted(
    operator: Client, model: type[Model]
) -> None:
    row = model._default_manager.get()
    shown = page(model, "change", row.pk)
    assert operator.get(page(model, "changelist")).status_code == 200
    assert operator.get(shown).status_code == 200
    assert operator.get(page(model, "add")).status_code == 403
    assert operator.post(shown, {"status": "completed"}).status_code == 403
    assert operator.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert model._default_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", [MintOrder, BurnTransaction, UpgradeRequest])
def test_nonces_and_signed_transactions_are_never_shown(
    operator: Client, upgrade: UpgradeRequest, model: type[Model]
) -> None:
    row = model._default_manager.get()
    text = operator.get(page(model, "change", row.pk)).content.decode().lower()
    for hidden in ("nonce:", "signed transaction", "signed_transaction", "secret-bytes"):
        assert hidden not in text


def test_an_upgrade_is_shown_with_its_history(operator: Client, upgrade: UpgradeRequest) -> None:
    text = operator.get(page(UpgradeRequest, "change", upgrade.id)).content.decode()
    assert "awaiting_burn" in text
    assert "started" in text


def tier_form(tier: Tier, **changes: object) -> dict[str, object]:
    fields = ("name", "symbol", "description", "colour", "required_volume",
              "trading_fee_reduction", "ai_agent_weekly_uses")  # fmt: skip
    return (
        {field: getattr(tier, field) for field in fields}
        | {"is_active": "on", "reason": "as agreed"}
        | changes
    )


def test_an_operator_edits_a_tier_but_not_its_level(operator: Client, tiers: list[Tier]) -> None:
    form = tier_form(tiers[0], name="Scout", level=9)
    response = operator.post(page(Tier, "change", tiers[0].pk), form)
    assert response.status_code == 302
    tier = Tier.objects.get(pk=tiers[0].pk)
    assert (tier.name, tier.level) == ("Scout", 1)


def test_a_colour_that_is_none_is_refused_on_the_form(operator: Client, tiers: list[Tier]) -> None:
    form = tier_form(tiers[0], colour="red")
    response = operator.post(page(Tier, "change", tiers[0].pk), form)
    assert response.status_code == 200
    assert Tier.objects.get(pk=tiers[0].pk).colour == tiers[0].colour


def test_a_tier_is_added_but_never_deleted(operator: Client, tiers: list[Tier]) -> None:
    form = tier_form(tiers[0], name="Legend", level=6)
    assert operator.post(page(Tier, "add"), form).status_code == 302
    added = Tier.objects.get(level=6)
    assert operator.post(page(Tier, "delete", added.pk), {"post": "yes"}).status_code == 403
