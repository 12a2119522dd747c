"""The admin shows trades and volumes and changes none of them."""

import pytest
from django.db.models import Model
from django.test import Client

from accounts.models import User
from tests.trading.parts import make_trade, new_wallet, record
from trading.models import MilestoneReached, Trade, UserVolume, VolumeMilestone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("milestones")]


@pytest.mark.parametrize("model", [Trade, UserVolume, MilestoneReached])
def test_what_trades_left_is_read_only(model: type[Model]) -> None:
    admin = Client()
    admin.force_login(User.objects.create_superuser("root", "a long pass phrase"))
    record(make_trade("t-1", new_wallet(), "120000"))
    pages = f"/admin/trading/{model.__name__.lower()}/"
    page = f"{pages}{model._default_manager.get().pk}/"
    assert admin.get(pages).status_code == 200
    assert admin.get(f"{page}change/").status_code == 200
    assert admin.get(f"{pages}add/").status_code == 403
    assert admin.post(f"{page}change/", {}).status_code == 403
    assert admin.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    assert model._default_manager.count() == 1


def test_a_milestone_that_somebody_reached_keeps_its_amount() -> None:
    admin = Client()
    admin.force_login(User.objects.create_superuser("root", "a long pass phrase"))
    record(make_trade("t-1", new_wallet(), "120000"))
    for milestone in VolumeMilestone.objects.filter(amount__in=(100_000, 250_000)):
        page = f"/admin/trading/volumemilestone/{milestone.pk}/change/"
        form = {"amount": 777, "tier_unlocked": 4, "reason": "as agreed"}
        assert admin.post(page, form).status_code == 302
    edited = VolumeMilestone.objects.filter(tier_unlocked=4)
    assert list(edited.values_list("amount", flat=True)) == [777, 100_000]
