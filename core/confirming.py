"""The page between choosing an action in the admin and doing it."""

from typing import TypeVar

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class ConfirmForm(forms.Form):
    title = "Sure?"


F = TypeVar("F", bound=ConfirmForm)


def confirmed(request: HttpRequest, form_class: type[F]) -> F | HttpResponse:
    """The filled form once it was confirmed; until then the page that asks."""
    asked = "confirmed" in request.POST
    form = form_class(request.POST if asked else None)
    if asked and form.is_valid():
        return form
    context = {
        "form": form,
        "title": form.title,
        "action": request.POST["action"],
        "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "across": request.POST.get("select_across", "0"),
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return render(request, "admin/confirm.html", context)
