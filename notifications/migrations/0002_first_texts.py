"""The texts that operators find to edit."""

from django.db import migrations

from notifications.kinds import KINDS


def write(apps, _editor):
    template = apps.get_model("notifications", "NotificationTemplate")
    text = apps.get_model("notifications", "TemplateText")
    for name, kind in KINDS.items():
        row = template.objects.create(type=name, priority=kind.priority, link=kind.link)
        text.objects.bulk_create(
            text(template=row, language=language, title=words.title, message=words.message)
            for language, words in kind.texts.items()
        )


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]

    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
