"""The page between choosing an action in the admin and doing it."""

from typing import TypeVar

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.errors import DomainError
from events.catalogue import event_types
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
    into = forms.ChoiceField(
        choices=[("live", "live"), ("shadow", "shadow"), ("swap", "shadow, then swap")]
    )

    def clean(self) -> None:
        if self.errors:
            return
        start, end, types, user, _ = self.arguments()
        try:
            selection_of(start=start, end=end, types=[t for t in types.split(",") if t], user=user)
        except DomainError as error:
            raise forms.ValidationError(error.message) from error

    def arguments(self) -> tuple[str, str, str, str, str]:
        """What the job takes after the group: from, to, types with commas, user, into."""
        data = self.cleaned_data
        user = str(data["user"] or "")
        return data["start"], data["end"], ",".join(data["types"]), user, data["into"]


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
