from django.apps import apps
from django.db import migrations

from audit.installing import replace_functions

FACTORS = [
    (app, "0003_add_timestamps")
    for app in ("otp_totp", "otp_static")
    if apps.is_installed(f"django_otp.plugins.{app}")
]


class Migration(migrations.Migration):
    """Volumes, supply, uses, histories and second factors are watched, past the application.

    Going back takes the triggers with the schema.
    """

    dependencies = [("audit", "0007_anchors_on_the_chain"), *FACTORS]

    operations = [migrations.RunPython(replace_functions, migrations.RunPython.noop)]
