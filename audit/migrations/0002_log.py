from django.db import migrations

from audit.installing import install, uninstall


class Migration(migrations.Migration):
    """The log's schema, its owner, and the triggers. The models of its tables are unmanaged."""

    dependencies = [
        ("audit", "0001_initial"),
        ("accounts", "0004_benefits_use"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("badges", "0002_tier_from_1"),
        ("nft", "0010_orders_keep_their_correlation"),
        ("trading", "0004_corrections"),
    ]

    operations = [migrations.RunPython(install, uninstall)]
