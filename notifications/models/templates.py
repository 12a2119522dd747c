"""What operators may edit: the texts of each kind, its priority and where it leads."""

from collections.abc import Mapping

from django.db import models
from django.db.models import Q

from notifications.kinds import DEFAULT_LANGUAGE, KINDS, LANGUAGES, Kind, Priority, Text
from notifications.wording import Wording, word


class NotificationTemplate(models.Model):
    """Overrides the kind of its type; without a row the kind's own values count."""

    type = models.CharField(
        max_length=64, unique=True, choices=[(name, name) for name in sorted(KINDS)]
    )
    priority = models.CharField(max_length=8, choices=Priority.choices)
    link = models.CharField(max_length=200, help_text="A path of this site; may use the names")
    is_active = models.BooleanField(default=True, help_text="Off: nobody is told of this type")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(priority__in=Priority.values), name="template_priority_is_known"
            ),
            models.CheckConstraint(
                condition=Q(link__startswith="/") & ~Q(link__startswith="//"),
                name="template_link_stays_here",
            ),
        ]

    def __str__(self) -> str:
        return self.type

    @property
    def kind(self) -> Kind | None:
        """None for a type that this version does not know any more."""
        return KINDS.get(self.type)


class TemplateText(models.Model):
    """One language of a template. `$name` stands for a value of the event."""

    template = models.ForeignKey(
        NotificationTemplate, on_delete=models.CASCADE, related_name="texts"
    )
    language = models.CharField(max_length=8, choices=list(LANGUAGES.items()))
    title = models.CharField(max_length=120)
    message = models.CharField(max_length=500)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["template", "language"], name="one_text_a_language"),
            models.CheckConstraint(
                condition=Q(language__in=LANGUAGES), name="template_language_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template_id} {self.language}"


class Words:
    """How one type is put at this moment: the operators' texts, else the kind's own."""

    def __init__(self, kind: Kind, template: NotificationTemplate | None):
        self.priority: str = template.priority if template else kind.priority
        self.is_active = template.is_active if template else True
        self._link = template.link if template else kind.link
        edited = template.texts.all() if template else []
        own = {text.language: Text(text.title, text.message) for text in edited}
        self._texts = {**kind.texts, **own}

    def say(self, language: str, values: Mapping[str, str]) -> Wording:
        text = self._texts.get(language) or self._texts[DEFAULT_LANGUAGE]
        return word(title=text.title, message=text.message, link=self._link, values=values)


def words_by_type() -> dict[str, Words]:
    """For every kind, in two queries."""
    templates = {row.type: row for row in NotificationTemplate.objects.prefetch_related("texts")}
    return {name: Words(kind, templates.get(name)) for name, kind in KINDS.items()}
