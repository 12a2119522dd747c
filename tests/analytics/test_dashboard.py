"""The dashboards of the admin: who may look, what is asked, what a file holds."""

import csv
import io
import json
import re
from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from analytics.charts import chart_of
from analytics.figures import FIGURES, HISTORY, Answer, FigureQuery
from core.ids import uuid7
from tests.analytics.facts import ANN, NOON, completed, earned, initiated, lives, rejected, told
from tests.analytics.test_recording import record

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:analytics_dashboard")
DAY = "?start=2026-03-04&end=2026-03-04"


@pytest.fixture
def staff(client: Client) -> Client:
    user = User.objects.create(username="looker", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_dashboard"))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_only_who_may_look_sees_it(client: Client, staff: Client) -> None:
    assert staff.get(PAGE).status_code == 200
    User.objects.get(username="looker").user_permissions.clear()
    assert staff.get(PAGE).status_code == 403
    client.logout()
    assert client.get(PAGE).status_code == 302


def test_every_figure_is_shown_with_its_query_and_without_scripts(staff: Client) -> None:
    record(lives())
    page = staff.get(f"{PAGE}?start=2026-03-01&end=2026-03-31").content.decode()
    body = page[page.index('<div id="content"') :]
    for figure in HISTORY:
        assert f'id="{figure.name}"' in body
    assert body.count("How it is defined") == len(HISTORY)
    assert "mine.turns % 2 = 1" in body
    assert "Nothing in this time." not in body
    assert re.findall(r"<script(?![^>]* src=)", body) == []  # the look of the admin loads its own
    assert " style=" not in body
    assert body.count('<canvas class="chart"') == len(HISTORY)


def test_a_chart_goes_from_left_to_right_with_a_line_for_each_step() -> None:
    query = FigureQuery("x", "X", "", "seconds", series="step")
    days = [date(2026, 3, 2), date(2026, 3, 1)]
    rows = [(days[0], "a", Decimal("1.5")), (days[1], "a", 2), (days[1], "b", None)]
    drawn = json.loads(chart_of(Answer(query, ["day", "step", "seconds"], rows)))
    assert drawn["labels"] == ["2026-03-01", "2026-03-02"]
    lines = [(each["label"], each["data"]) for each in drawn["datasets"]]
    assert lines == [("a", [2.0, 1.5]), ("b", [0.0, None])]


def test_the_live_page_comes_again_by_itself(staff: Client) -> None:
    record(told(initiated(ANN, uuid7(), uuid7())))
    page = staff.get(f"{PAGE}?live=1").content.decode()
    assert 'http-equiv="refresh"' in page
    assert "upgrade_initiated" in page


@pytest.mark.parametrize(
    "query",
    ["?start=2026-03-05&end=2026-03-04", "?start=x&end=y", "?start=2020-01-01&end=2026-01-01"],
)
def test_a_range_that_makes_no_sense_is_refused(staff: Client, query: str) -> None:
    page = staff.get(PAGE + query)
    assert page.status_code == 200
    assert "errorlist" in page.content.decode()
    assert staff.get(reverse("admin:analytics_figure", args=["funnel"]) + query).status_code == 404


def rows(staff: Client, name: str) -> list[dict[str, str]]:
    answer = staff.get(reverse("admin:analytics_figure", args=[name]) + DAY)
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_a_file_has_the_figures_and_no_formulas(staff: Client) -> None:
    request = uuid7()
    start = (initiated(ANN, request, uuid7()), rejected(ANN, request), earned(ANN, "=1+1"))
    record(told(*start, at=NOON))
    record(told(*completed(ANN, request, uuid7(), uuid7()), at=NOON.replace(minute=1)))
    assert [row["events"] for row in rows(staff, "funnel")] == ["0", "0", "1", "1", "1"]
    [total] = [row for row in rows(staff, "latency") if row["step"].startswith("3")]
    assert (total["p50_seconds"], total["times"]) == ("60.00", "1")
    assert rows(staff, "success")[0]["success_percent"] == "100.0"
    assert [row["key"] for row in rows(staff, "failures")] == ["burn_rejected: BURN_WRONG_MINT"]
    assert [row["badge"] for row in rows(staff, "badges")] == ["'=1+1", "early-bird"]
    assert staff.get(reverse("admin:analytics_figure", args=["nothing"])).status_code == 404
    assert {rows(staff, name) is not None for name in FIGURES} == {True}


@pytest.mark.parametrize("model", ["fact", "journey", "membertotal", "comparison"])
def test_tables_can_be_looked_at(admin_client: Client, model: str) -> None:
    record(lives())
    assert admin_client.get(reverse(f"admin:analytics_{model}_changelist")).status_code == 200
