from django.db import migrations, models

from core.correlation import current_correlation_id


class Migration(migrations.Migration):
    dependencies = [("nft", "0009_watching")]

    operations = [
        # In two steps: the default is evaluated once, and old orders have nothing in common.
        migrations.AddField(
            "mintorder",
            "correlation_id",
            models.CharField(default="", editable=False, max_length=64),
        ),
        migrations.AlterField(
            "mintorder",
            "correlation_id",
            models.CharField(default=current_correlation_id, editable=False, max_length=64),
        ),
    ]
