"""Brings the demo's database up to date: tables, static files, tiers, an admin, a service key.

Runs as a process of its own, with the settings of the demo: `python -m demo.prepare VALUES`,
where VALUES is the file of `demo.configuration.installation_values`.
"""

import hashlib
import io
import json
import os
import sys
from contextlib import suppress
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

from demo.configuration import APPLICATION_ROLE, installation_values, write_private

SCOPES = ["badges:award", "benefits:read", "benefits:use", "trades:write"]


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    values = installation_values(Path(sys.argv[1]))
    _keep_application_role(values["DEMO_DATABASE_PASSWORD"])
    _collect_static_files()
    call_command("seed", stdout=io.StringIO())
    call_command("roles", stdout=io.StringIO())
    _keep_admin(values["DEMO_ADMIN_USER"], values["DEMO_ADMIN_PASSWORD"])
    values["DEMO_SERVICE_API_KEY"] = _service_key(values["DEMO_SERVICE_API_KEY"])
    write_private(Path(sys.argv[1]), json.dumps(values, indent=2) + "\n")


def _collect_static_files() -> None:
    """Only when the installed packages or our own files changed: it takes two seconds."""
    root = Path(settings.STATIC_ROOT)
    stamp = root / ".collected"
    own = sorted(path for path in (settings.BASE_DIR / "static").rglob("*") if path.is_file())
    content = b"".join(
        path.read_bytes() for path in [settings.BASE_DIR / "requirements.lock", *own]
    )
    digest = hashlib.sha256(content).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(digest)


def _keep_application_role(password: str) -> None:
    """The processes run as it; we, who migrate, own the tables. So the audit log is locked."""
    from django.db import connection
    from psycopg import sql
    from psycopg.errors import DuplicateObject

    role = sql.Identifier(APPLICATION_ROLE)
    connection.ensure_connection()
    with suppress(DuplicateObject):
        connection.connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
    new = sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password))
    connection.connection.execute(new)
    call_command("audit", "grant", APPLICATION_ROLE, stdout=io.StringIO())


def _keep_admin(username: str, password: str) -> None:
    from accounts.models import User

    if not User.objects.filter(username=username).exists():
        User.objects.create_superuser(username, password)


def _service_key(kept: str) -> str:
    """The key of an earlier run while it is still good, else a new one under the same name."""
    from django.utils import timezone

    from accounts.models import ServiceKey
    from accounts.services import authenticate_service_key, create_service_key
    from core.errors import DomainError

    now = timezone.now()
    try:
        key = authenticate_service_key(readable=kept, now=now)
        ServiceKey.objects.filter(id=key.id).update(scopes=SCOPES)
    except DomainError:
        ServiceKey.objects.filter(name="demo").delete()
        _, kept = create_service_key(name="demo", scopes=SCOPES, expires_at=None, now=now)
    return kept


if __name__ == "__main__":
    main()
