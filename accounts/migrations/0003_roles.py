"""The roles of the admin, as groups; what each may do is granted where the models are."""

from django.db import migrations

ROLES = ["operator", "auditor", "support"]


def create_roles(apps, schema_editor):
    groups = apps.get_model("auth", "Group").objects
    for name in ROLES:
        groups.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_sign_in")]

    operations = [migrations.RunPython(create_roles, migrations.RunPython.noop)]
