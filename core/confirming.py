"""Before the admin does what a person asked: sure, and why?"""

from contextlib import AbstractContextManager
from typing import TypeVar

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from unfold.widgets import UnfoldAdminTextInputWidget

from core.acting import Act, acting

KEPT = "Kept with your name, in the log of actions and in the audit"


class ConfirmForm(forms.Form):
    """Asks for the reason with which the deed is kept; without one nothing is done."""

    title = "Sure?"
    reason = forms.CharField(max_length=150, help_text=KEPT)


class ReasonForm(forms.ModelForm):
    """An edit, and why."""

    reason = forms.CharField(max_length=150, help_text=KEPT, widget=UnfoldAdminTextInputWidget)


F = TypeVar("F", bound=ConfirmForm)


def confirmed(request: HttpRequest, form_class: type[F]) -> F | HttpResponse:
    """The filled form once it was confirmed; until then the page that asks."""
    asked = "confirmed" in request.POST
    form = form_class(request.POST if asked else None)
    if asked and form.is_valid():
        return form
    context = {
        **admin.site.each_context(request),
        "form": form,
        "title": form.title,
        "action": request.POST["action"],
        "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "across": request.POST.get("select_across", "0"),
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return render(request, "admin/confirm.html", context)


def acting_as(request: HttpRequest, form: forms.BaseForm) -> AbstractContextManager[Act]:
    """The signed-in person acts, for the reason that the form has."""
    return acting(actor=f"user:{request.user.pk}", reason=form.cleaned_data["reason"])
