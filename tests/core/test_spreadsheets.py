"""A cell that a spreadsheet would run is text when it leaves the house."""

import csv
import io

import pytest

from core.spreadsheets import csv_file, neutral


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "=cmd|' /C calc'!A0"]
)
def test_a_formula_is_neutralized(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"
    [[written]] = csv.reader(io.StringIO(csv_file("a.csv", [[cell]]).content.decode(), newline=""))
    assert written.startswith("'")


@pytest.mark.parametrize("cell", ["", "whale", "1=1", "a-b", 7])
def test_anything_else_stays_as_it_is(cell: object) -> None:
    assert neutral(cell) == str(cell)
