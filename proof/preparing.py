"""Fills the database that every lane gets a copy of: `python -m proof.preparing`."""

import os

import django
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from proof.effects import make_table

    call_command("migrate", interactive=False, verbosity=0)
    call_command("seed")
    make_table()


if __name__ == "__main__":
    main()
