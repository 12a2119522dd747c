from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    """Who was erased, so that events which come later are recorded without them."""

    dependencies = [("audit", "0008_rows_that_open_doors")]

    operations = [
        migrations.CreateModel(
            name="ErasedPerson",
            fields=[
                ("user_id", models.UUIDField(primary_key=True, serialize=False)),
                ("erased_at", models.DateTimeField(db_default=Now())),
            ],
            options={"verbose_name_plural": "erased people"},
        ),
    ]
