"""The dashboards: what happens now, and any range of days; every figure with its query."""

from dataclasses import dataclass
from datetime import date, timedelta

from django import forms
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from analytics.charts import chart_of
from analytics.figures import FIGURES, HISTORY, LIVE, Answer, ask
from core.spreadsheets import csv_file

LONGEST_RANGE = timedelta(days=731)
REFRESH_SECONDS = 10
may_look = permission_required("analytics.view_dashboard", raise_exception=True)


class RangeForm(forms.Form):
    """The last 30 days, unless somebody asks for others."""

    start = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    end = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, date]:
        given = super().clean() or {}
        start, end = given.get("start"), given.get("end")
        if start and end and not timedelta(0) <= end - start <= LONGEST_RANGE:
            raise forms.ValidationError("From a day to the same or a later one, at most two years.")
        return given


@dataclass(frozen=True)
class Range:
    start: date
    end: date


@require_safe
@never_cache
@may_look
def dashboard(request: HttpRequest) -> HttpResponse:
    """`?live=1` shows the last hour and comes again by itself; else the days of the form."""
    live = "live" in request.GET
    form, asked = _range(request)
    answers = _answers(live, asked)
    context = admin.site.each_context(request) | {
        "title": "Dashboards",
        "form": form,
        "live": live,
        "refresh": REFRESH_SECONDS if live else None,
        "asked": asked,
        "figures": [(answer, chart_of(answer)) for answer in answers],
    }
    return TemplateResponse(request, "admin/analytics/dashboard.html", context)


@require_safe
@never_cache
@may_look
def figure_csv(request: HttpRequest, name: str) -> HttpResponse:
    """One figure of the same range as a file."""
    _, asked = _range(request)
    if name not in FIGURES or asked is None:
        raise Http404
    answer = ask(FIGURES[name], start=asked.start, end=asked.end)
    return csv_file(f"{name}-{asked.start}-{asked.end}.csv", [answer.columns, *answer.rows])


def _range(request: HttpRequest) -> tuple[RangeForm, Range | None]:
    today = timezone.now().date()
    usual = {"start": today - timedelta(days=29), "end": today}
    is_asked = "start" in request.GET or "end" in request.GET
    form = RangeForm(request.GET if is_asked else usual)
    if not form.is_valid():
        return form, None
    return form, Range(form.cleaned_data["start"], form.cleaned_data["end"])


def _answers(live: bool, asked: Range | None) -> list[Answer]:
    if asked is None:
        return []
    return [ask(figure, start=asked.start, end=asked.end) for figure in (LIVE if live else HISTORY)]
