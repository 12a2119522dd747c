from django.db import migrations

AMOUNTS = (100_000, 250_000, 500_000, 1_000_000, 2_500_000)


def add_milestones(apps, schema_editor):
    milestones = apps.get_model("trading", "VolumeMilestone").objects
    for amount in AMOUNTS:
        milestones.get_or_create(amount=amount)


class Migration(migrations.Migration):

    dependencies = [("trading", "0001_initial")]

    operations = [migrations.RunPython(add_milestones, migrations.RunPython.noop)]
