"""Everything that we keep can be looked at in the admin; no state is set there by hand."""

from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from core.ids import uuid7
from core.models import IdempotencyKey

OURS = [
    model
    for app in apps.get_app_configs()
    if Path(app.path).parent == settings.BASE_DIR
    for model in app.get_models()
]
# Columns that only a service may write, wherever they occur.
STATES = {
    "status", "version", "ended_at", "end_reason", "consumed_at", "started_at", "position",
    "sequence", "owner", "status_code", "mint_address", "signature", "burn_signature", "total",
}  # fmt: skip
SET_BY_HAND = {("badges", "badgedefinition", "position")}  # the order of a list


# What no page shows, and a list must not give away by what it finds either.
UNSHOWN = [
    "accounts/user/?password__startswith=p",
    "accounts/servicekey/?secret_hash__startswith=a",
    "accounts/loginsession/?browser_session_key__startswith=a",
    "core/idempotencykey/?body__contains=a",
    "nft/mintorder/?nonce__isnull=False",
    "notifications/recipient/?email__startswith=a",
    "notifications/pushsubscription/?endpoint__startswith=h",
    "notifications/pushsubscription/?auth=a",
    "otp_totp/totpdevice/?key__startswith=a",
]


@pytest.fixture
def chief(db: None) -> User:
    return User.objects.create_superuser("chief", "a long enough password")


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_model_is_registered_and_its_list_opens(
    client: Client, chief: User, model: type[Model]
) -> None:
    assert admin.site.is_registered(model)
    client.force_login(chief)
    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    assert client.get(page).status_code == 200


@pytest.mark.parametrize("question", UNSHOWN)
def test_a_list_answers_nothing_about_a_column_that_is_not_shown(
    client: Client, chief: User, question: str
) -> None:
    client.force_login(chief)
    assert client.get(f"/admin/{question}").status_code == 400


def test_a_list_answers_about_what_it_shows_and_filters_by(client: Client, chief: User) -> None:
    client.force_login(chief)
    for question in (
        "accounts/user/?is_active__exact=1", "accounts/loginsession/?user__id__exact=1",
        "audit/record/?source=row", "nft/mintorder/?status__exact=done",
        f"notifications/notification/?id={uuid7()}",
    ):  # fmt: skip
        assert client.get(f"/admin/{question}").status_code in {200, 302}, question


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_no_form_offers_a_state_to_a_superuser(
    rf: RequestFactory, chief: User, model: type[Model]
) -> None:
    request = rf.get("/admin/")
    request.user = chief
    pages = admin.site.get_model_admin(model)
    for row in (None, model()):
        if row is None and not pages.has_add_permission(request):
            continue
        form = pages.get_form(request, row, change=row is not None)
        label = (model._meta.app_label, model._meta.model_name)
        offered = {field for field in form.base_fields if (*label, field) not in SET_BY_HAND}
        assert not offered & STATES


def test_a_kept_answer_is_neither_changed_nor_shown(client: Client, chief: User) -> None:
    now = timezone.now()
    row = IdempotencyKey.objects.create(
        scope="user:1", route="upgrade", key="k", request_hash="0", claim=uuid7(),
        claimed_until=now, created_at=now, expires_at=now, status_code=201,
        body={"burnTransaction": "kept-answer"},
    )  # fmt: skip
    client.force_login(chief)
    page = reverse("admin:core_idempotencykey_change", args=[row.pk])
    assert b"kept-answer" not in client.get(page).content
    assert client.post(page, {"status_code": "202"}).status_code == 403
    row.refresh_from_db()
    assert row.status_code == 201
