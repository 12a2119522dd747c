"""The texts: edited by language, and shown as a member would read them."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import TabularInline

from core.admin import EditAdmin, ReadOnlyAdmin
from core.ids import uuid7
from notifications.channels.letters import notification_letter
from notifications.forms import TemplateForm, TextForm
from notifications.kinds import LANGUAGES
from notifications.models import (
    Delivery,
    Notification,
    NotificationTemplate,
    Recipient,
    TemplateText,
)
from notifications.models.templates import Words
from notifications.wording import Wording, samples_of

# The letter as it is, with its own styles, and nothing that runs or is fetched.
LETTER_CSP = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


class TextInline(TabularInline):
    model = TemplateText
    form = TextForm
    extra = 0
    max_num = len(LANGUAGES)


@admin.register(TemplateText)
class TemplateTextAdmin(ReadOnlyAdmin):
    """To find a text by its words; it is edited on the page of its template."""

    list_display = ["template", "language", "title", "message"]
    list_filter = ["language"]
    list_select_related = ["template"]
    search_fields = ["title", "message"]


@admin.register(NotificationTemplate)
class NotificationTemplateAdmin(EditAdmin):
    form = TemplateForm
    list_display = ["type", "priority", "is_active", "link"]
    list_filter = ["priority", "is_active"]
    search_fields = ["type", "texts__title", "texts__message"]
    inlines = [TextInline]
    readonly_fields = ["names", "preview"]

    def get_readonly_fields(
        self, request: HttpRequest, obj: NotificationTemplate | None = None
    ) -> list[str]:
        return ["type", "names", "preview"] if obj else ["names", "preview"]

    @admin.display(description="Names that the texts may use")
    def names(self, template: NotificationTemplate) -> str:
        kind = template.kind
        return ", ".join(f"${name}" for name in kind.placeholders) if kind else "-"

    @admin.display(description="As a member reads it")
    def preview(self, template: NotificationTemplate) -> SafeString | str:
        if template._state.adding:
            return "Save first."
        rows = (
            (
                LANGUAGES[language],
                said.title,
                said.message,
                said.link,
                reverse("admin:notifications_letter", args=[template.pk, language]),
            )
            for language in LANGUAGES
            if (said := _said(template, language)) is not None
        )
        row = "<p>{}: <strong>{}</strong><br>{}<br>{} · <a href='{}'>the letter</a></p>"
        return format_html("{}", format_html_join("", row, rows))

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.letter)
        return [
            path("<int:template_id>/letter/<str:language>/", page, name="notifications_letter"),
            *super().get_urls(),
        ]

    def letter(self, request: HttpRequest, template_id: int, language: str) -> HttpResponse:
        """The HTML letter, filled with samples; nothing is kept or sent."""
        template = get_object_or_404(NotificationTemplate, pk=template_id)
        if not self.has_view_permission(request, template):
            raise PermissionDenied
        said = _said(template, language)
        if said is None:
            raise Http404
        return HttpResponse(
            _letter_html(template, said, language), headers={"Content-Security-Policy": LETTER_CSP}
        )


def _said(template: NotificationTemplate, language: str) -> Wording | None:
    kind = template.kind
    if kind is None or language not in LANGUAGES:
        return None
    return Words(kind, template).say(language, samples_of(kind))


def _letter_html(template: NotificationTemplate, said: Wording, language: str) -> str:
    somebody = uuid7()
    row = Notification(
        user_id=somebody,
        type=template.type,
        title=said.title,
        message=said.message,
        link=said.link,
        created_at=timezone.now(),
    )
    person = Recipient(user_id=somebody, language=language, email="member@example.org")
    letter = notification_letter(Delivery(notification=row, user_id=somebody), row, person)
    return str(letter.alternatives[0][0])
