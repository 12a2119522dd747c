from django.db import migrations, models


class Migration(migrations.Migration):
    """A proof looks for the next anchor among those that are final."""

    dependencies = [("audit", "0006_append_drops_nothing")]

    operations = [
        migrations.AddIndex(
            model_name="anchor",
            index=models.Index(
                condition=models.Q(("status", "finalized")),
                fields=["size"],
                name="anchor_on_the_chain",
            ),
        ),
    ]
