"""What is asked between choosing an action in the admin and doing it."""

from typing import Any

from django import forms

from core.confirming import ConfirmForm
from core.errors import DomainError
from events.catalogue import event_types
from events.models import ReplayOrder
from events.selection import selection_of


class ResumeForm(ConfirmForm):
    title = "Let these groups read on?"


class RedriveForm(ConfirmForm):
    title = "Hand these events to their groups again?"


class DiscardForm(ConfirmForm):
    title = "Discard these events? They will never be handled."


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
        asked = {name: value for name, value in self.cleaned_data.items() if name != "reason"}
        return {**asked, "user": str(asked["user"] or "")}
