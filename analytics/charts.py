"""A figure as the admin's chart component draws it (unfold, Chart.js)."""

import json
from datetime import date
from typing import Any

from analytics.figures import Answer

Row = tuple[Any, ...]
COLOURS = ("500", "300", "700", "900")  # shades of the admin's own colour


def chart_of(answer: Answer) -> str:
    """JSON of labels and datasets: one, or one for each value of the figure's series.

    Days and minutes go from left to right; the table has the newest first.
    """
    rows, value = _in_order(answer), answer.columns.index(answer.query.bar)
    labels = list(dict.fromkeys(str(row[0]) for row in rows))
    sets: dict[str, dict[str, float]] = {}
    for row in rows:
        sets.setdefault(_series(answer, row), {})[str(row[0])] = float(row[value] or 0)
    datasets = [
        {
            "label": title,
            "data": [values.get(label) for label in labels],
            "backgroundColor": f"var(--color-primary-{COLOURS[number % len(COLOURS)]})",
            "borderColor": f"var(--color-primary-{COLOURS[number % len(COLOURS)]})",
            "displayYAxis": True,
            "maxTicksXLimit": 12,
        }
        for number, (title, values) in enumerate(sorted(sets.items()))
    ]
    return json.dumps({"labels": labels, "datasets": datasets})


def _series(answer: Answer, row: Row) -> str:
    name = answer.query.series
    return str(row[answer.columns.index(name)]) if name else answer.query.bar


def _in_order(answer: Answer) -> list[Row]:
    is_time = bool(answer.rows) and isinstance(answer.rows[0][0], date)  # a datetime is one too
    return answer.rows[::-1] if is_time else answer.rows
