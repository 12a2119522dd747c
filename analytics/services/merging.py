"""Adding many small changes to a table, in one statement, whatever order they come in.

Every column is a sum, a least or a greatest. None of these asks who came first, so members of
different readers may come in any order, and a replay ends in the same rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any

from django.db import connection


class Keep(Enum):
    """What becomes of two values of a column; NULL is the absence of one."""

    SUM = "t.{0} + excluded.{0}"
    LEAST = "least(t.{0}, excluded.{0})"
    GREATEST = "greatest(t.{0}, excluded.{0})"


_FOLD: Mapping[Keep, Callable[[Any, Any], Any]] = {
    Keep.SUM: lambda one, other: one + other,
    Keep.LEAST: min,
    Keep.GREATEST: max,
}


@dataclass(frozen=True)
class Column:
    type: str  # SQL
    keep: Keep

    @property
    def neutral(self) -> Decimal | int | None:
        """What changes nothing."""
        if self.keep is not Keep.SUM:
            return None
        return Decimal(0) if self.type == "numeric" else 0  # one type for the whole array


@dataclass(frozen=True)
class Shape:
    """A table as sums see it: `keys` (name and SQL type) identify a row."""

    table: str
    keys: Mapping[str, str]
    columns: Mapping[str, Column]

    def statement(self) -> str:
        names = [*self.keys, *self.columns]
        types = [*self.keys.values(), *(column.type for column in self.columns.values())]
        arrays = ", ".join(f"%s::{name}[]" for name in types)
        changes = ", ".join(
            f"{name} = {column.keep.value.format(name)}" for name, column in self.columns.items()
        )
        return (
            f"INSERT INTO {self.table} AS t ({', '.join(names)}) "  # noqa: S608 - our own names
            f"SELECT * FROM unnest({arrays}) "
            f"ON CONFLICT ({', '.join(self.keys)}) DO UPDATE SET {changes}"
        )


@dataclass
class Sums:
    """Changes of one table, folded to one a row."""

    shape: Shape
    rows: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict)

    def add(self, *key: Any, values: Mapping[str, Any]) -> None:
        """A value of None says nothing."""
        row = self.rows.setdefault(key, {})
        for name, value in values.items():
            if value is None:
                continue
            fold = _FOLD[self.shape.columns[name].keep]
            row[name] = fold(row[name], value) if name in row else value

    def write(self) -> None:
        """In the order of the keys, so that two writers never wait for each other."""
        if not self.rows:
            return
        neutral = {name: column.neutral for name, column in self.shape.columns.items()}
        lines = [(*key, *(neutral | self.rows[key]).values()) for key in sorted(self.rows)]
        with connection.cursor() as cursor:
            cursor.execute(
                self.shape.statement(), [list(values) for values in zip(*lines, strict=True)]
            )
