#!/usr/bin/env python
"""Django's command line."""

import os
import sys

from django.core.management import execute_from_command_line

# These bring servers and secrets of their own, and touch nothing that is configured.
SELF_SUFFICIENT = ("prove_upgrade",)

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] and sys.argv[1] in SELF_SUFFICIENT:
        from demo.throwaway import made_up_settings

        os.environ |= made_up_settings()
    execute_from_command_line(sys.argv)
