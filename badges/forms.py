"""What the admin asks for before it awards or revokes, and how it reports."""

from django import forms

from badges.bulk import BulkAward, Line
from badges.models import EarnedBadge
from core.confirming import ConfirmForm


class AwardForm(forms.ModelForm):
    reason = forms.CharField(max_length=100, help_text="Kept with your name")

    class Meta:
        model = EarnedBadge
        fields = ("user", "definition")


class CsvForm(forms.Form):
    file = forms.FileField(help_text="CSV with the columns wallet and badge, one award on a line")
    dry_run = forms.BooleanField(
        required=False, initial=True, help_text="Only report; award nothing"
    )
    reason = forms.CharField(max_length=100, help_text="Kept with your name")


class RevokeForm(ConfirmForm):
    title = "Take these badges back?"
    reason = forms.CharField(max_length=100, help_text="Its member reads it")


def report_rows(award: BulkAward) -> list[tuple[object, ...]]:
    """One row for each line of the file, below the header."""
    rows = [(line.number, line.wallet, line.badge, outcome(line, award)) for line in award.lines]
    return [("line", "wallet", "badge", "outcome"), *rows]


def outcome(line: Line, award: BulkAward) -> str:
    if line.fault:
        return line.fault
    if line.held_as:
        return f"had already: {line.held_as}"
    return "awarded" if award.is_done else "would be awarded"
