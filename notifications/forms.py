"""What operators may write into templates."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from core.confirming import ReasonForm
from notifications.kinds import KINDS
from notifications.models import NotificationTemplate, TemplateText
from notifications.wording import complaints


def _check(text: str, kind_name: str) -> str:
    kind = KINDS.get(kind_name)
    if kind is not None and (found := complaints(text, kind.placeholders)):
        raise ValidationError(found)
    return text


class TemplateForm(ReasonForm):
    class Meta:
        model = NotificationTemplate
        fields = ["type", "priority", "link", "is_active"]

    def clean_link(self) -> str:
        link: str = self.cleaned_data["link"]
        if not link.startswith("/") or link.startswith("//") or "\\" in link:
            raise ValidationError("A path of this site begins with one slash.")
        return _check(link, self.data.get("type") or self.instance.type)


class TextForm(forms.ModelForm):
    """One language, inside the page of its template."""

    class Meta:
        model = TemplateText
        fields = ["language", "title", "message"]
        # A row has no labels of its own for whoever hears the page.
        widgets = {
            "language": UnfoldAdminSelectWidget(attrs={"aria-label": "Language"}),
            "title": UnfoldAdminTextInputWidget(attrs={"aria-label": "Title"}),
            "message": UnfoldAdminTextareaWidget(attrs={"rows": 2, "aria-label": "Message"}),
        }

    def clean_title(self) -> str:
        return _check(self.cleaned_data["title"], self._type())

    def clean_message(self) -> str:
        return _check(self.cleaned_data["message"], self._type())

    def _type(self) -> str:
        """The inline formset knows the template, also one that is being added."""
        template: Any = self.instance.template
        return str(template.type)
