"""The home page: what needs a person now, and the part of it that its script asks for again."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from backoffice.attention import concerns


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """For unfold, which asks before it shows the home page."""
    return {**context, **_attention(request)}


@require_safe
def attention(request: HttpRequest) -> HttpResponse:
    """The list alone."""
    context = admin.site.each_context(request) | _attention(request)
    return TemplateResponse(request, "admin/home/attention.html", context)


def _attention(request: HttpRequest) -> dict[str, Any]:
    now = timezone.now()
    seen = [it for it in concerns(now=now) if request.user.has_perm(it.permission)]
    return {"concerns": seen, "as_of": now}
