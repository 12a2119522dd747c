from django.db import migrations

from audit.installing import watch_tables


class Migration(migrations.Migration):
    """Trades that somebody changes or removes by hand are recorded, not their corrections alone.

    Going back takes the triggers with the schema.
    """

    dependencies = [("audit", "0003_more_tables")]

    operations = [migrations.RunPython(watch_tables, migrations.RunPython.noop)]
