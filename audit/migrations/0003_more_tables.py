from django.apps import apps
from django.db import migrations

from audit.installing import watch_tables

TEXTS = [("notifications", "0001_initial")] if apps.is_installed("notifications") else []


class Migration(migrations.Migration):
    """The admin's log of actions is watched too, and what operators let members be told.

    Going back takes the triggers with the schema.
    """

    dependencies = [
        ("audit", "0002_log"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        *TEXTS,
    ]

    operations = [migrations.RunPython(watch_tables, migrations.RunPython.noop)]
