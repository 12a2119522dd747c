"""The page between choosing an action in the admin and doing it."""

from typing import Any, TypeVar

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.errors import DomainError
from events.catalogue import event_types
from events.models import ReplayOrder
from events.selection import selection_of


class ConfirmForm(forms.Form):
    title = "Sure?"


class RedriveForm(ConfirmForm):
    title = "Hand these events to their groups again?"


class DiscardForm(ConfirmForm):
    title = "Discard these events? They will never be handled."
    reason = forms.CharField(max_length=300)


class ReplayForm(ConfirmForm):
    title = "Replay the log for these groups?"
    start = forms.CharField(label="From", required=False, help_text="position or time; empty: all")
    end = forms.CharField(label="To", required=False)
    types = forms.MultipleChoiceField(
        required=False, choices=lambda: [(name, name) for name in sorted(event_types())]
    )
    user = forms.UUIDField(required=False)
    into = forms.ChoiceField(choices=ReplayOrder.Into.choices)

    def clean(self) -> None:
        if self.errors:
            return
        asked = {name: value for name, value in self.order().items() if name != "into"}
        try:
            selection_of(**asked)
        except DomainError as error:
            raise forms.ValidationError(error.message) from error

    def order(self) -> dict[str, Any]:
        """What `order_replay()` asks for, but for the group."""
        return {**self.cleaned_data, "user": str(self.cleaned_data["user"] or "")}


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
    return render(request, "admin/events/confirm.html", context)
