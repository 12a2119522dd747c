"""The forms in which operators describe tiers and award rules."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from badges.models import BadgeDefinition
from core.confirming import ReasonForm
from core.errors import InvalidInput
from nft.services.rule_circles import check_no_circle, needs_all
from nft.terms import DOCUMENTED_BENEFITS

NAME = re.compile(r"[a-z][a-zA-Z0-9]{0,39}")
PERCENTAGE = re.compile(r"(100|[1-9]?[0-9](\.[0-9]{1,2})?)%")
WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}")
MOST_BENEFITS = 20
Value = str | int | bool


class BenefitLines(forms.CharField):
    """`name: value` on a line each; yes, no and whole numbers are read as such."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value  # what was typed
        return "\n".join(f"{name}: {_written(item)}" for name, item in value.items())

    def clean(self, value: Any) -> Any:
        lines = [line for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > MOST_BENEFITS:
            raise forms.ValidationError(f"At most {MOST_BENEFITS} benefits.")
        return dict(_read(line) for line in lines)


def _read(line: str) -> tuple[str, Value]:
    name, colon, text = (part.strip() for part in line.partition(":"))
    if not (colon and NAME.fullmatch(name) and 0 < len(text) <= 100):
        raise forms.ValidationError(f"“{line}” is not of the form “communityCalls: 2 a month”.")
    if name in DOCUMENTED_BENEFITS:
        raise forms.ValidationError(f"{name} has a field of its own.")
    if text.lower() in {"yes", "no"}:
        return name, text.lower() == "yes"
    return name, int(text) if WHOLE_NUMBER.fullmatch(text) else text


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


class TierForm(ReasonForm):
    free_benefits = BenefitLines(
        required=False,
        label="Further benefits",
        help_text="One on each line, as “communityCalls: 2” or “betaAccess: yes”.",
    )

    class Meta:  # the model and its fields are the admin's to name
        widgets = {"colour": forms.TextInput(attrs={"type": "color"})}

    def clean_colour(self) -> str:
        return str(self.cleaned_data["colour"]).lower()

    def clean_trading_fee_reduction(self) -> str:
        """Other services calculate with it."""
        text = str(self.cleaned_data["trading_fee_reduction"])
        if not PERCENTAGE.fullmatch(text):
            raise forms.ValidationError("A percentage from 0% to 100% is needed, such as 12.5%.")
        return text

    def clean(self) -> None:
        super().clean()
        needed = self.cleaned_data.get("badges_needed")
        badges = self.cleaned_data.get("required_badges")
        if badges is None:
            return
        if needed is not None and needed > len(badges):
            self.add_error("badges_needed", f"There are only {len(badges)} required badges.")
        level = self.instance.level or self.cleaned_data.get("level")
        if level is not None and needs_all(needed, slugs := _slugs(badges)):
            with _told_on(self, "required_badges"):
                check_no_circle(tier_level=level, tier_badges=slugs)


class AwardRuleForm(ReasonForm):
    def clean(self) -> None:
        super().clean()
        asked = {name for name, value in self.cleaned_data.items() if value}
        if not asked - {"badge", "is_active", "reason"}:
            raise forms.ValidationError("Fill in what it takes to be awarded.")
        if "badge" in asked and not self.errors:
            data = self.cleaned_data
            rule = (data["badge"].slug, _slugs(data["badges"]), data["tier_level"])
            with _told_on(self, "badges"):
                check_no_circle(rule_id=self.instance.pk, rule=rule)


def _slugs(badges: Iterable[BadgeDefinition]) -> list[str]:
    return [badge.slug for badge in badges]


@contextmanager
def _told_on(form: forms.ModelForm, field: str) -> Iterator[None]:
    try:
        yield
    except InvalidInput as error:
        form.add_error(field, error.message)
