"""Rows of tables as PostgreSQL's COPY writes and reads them."""

from collections.abc import Iterable, Mapping

from django.db import connection


def copy_out(tables: Iterable[str]) -> dict[str, bytes]:
    """What each of them holds; those that hold nothing are left out."""
    found = {table: _read(table) for table in tables}
    return {table: rows for table, rows in found.items() if rows}


def copy_in(rows: Mapping[str, bytes]) -> None:
    """In the order of `rows`."""
    with connection.cursor() as cursor:
        for table, lines in rows.items():
            with cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                copy.write(lines)


def _read(table: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
        return b"".join(copy)
