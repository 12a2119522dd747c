from django.db import migrations

from audit.installing import replace_functions


class Migration(migrations.Migration):
    """What waits goes only with a record that tells it; a statement cannot name an event.

    An appender of the release before is refused until it is started anew; nothing is lost
    meanwhile. Going back leaves the functions, which the program before cannot use.
    """

    dependencies = [("audit", "0005_transactions_that_failed")]

    operations = [migrations.RunPython(replace_functions, migrations.RunPython.noop)]
