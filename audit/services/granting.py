"""The rights of a role that runs the application and owns nothing (docs/audit.md)."""

from django.db import connection, transaction
from psycopg import sql

from audit.sql import APPLICATION

ROWS, NUMBERS = "SELECT, INSERT, UPDATE, DELETE", "USAGE, SELECT"
GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    f"GRANT {ROWS} ON ALL TABLES IN SCHEMA public TO {{role}}",
    f"GRANT {NUMBERS} ON ALL SEQUENCES IN SCHEMA public TO {{role}}",
    # Of what later migrations make, and of read models that are built beside the live ones.
    f"ALTER DEFAULT PRIVILEGES GRANT {ROWS} ON TABLES TO {{role}}",
    f"ALTER DEFAULT PRIVILEGES GRANT {NUMBERS} ON SEQUENCES TO {{role}}",
    f"GRANT {APPLICATION} TO {{role}}",
)


@transaction.atomic
def grant_to_application(*, role: str) -> None:
    """By the role that migrates. Again changes nothing; the role must exist."""
    with connection.cursor() as cursor:
        for statement in GRANTS:
            cursor.execute(sql.SQL(statement).format(role=sql.Identifier(role)))
