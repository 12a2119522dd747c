from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_trades_by_hand")]

    operations = [
        migrations.AddField(
            model_name="chaintransaction",
            name="failed",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
