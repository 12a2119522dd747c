"""What the writers were promised, out of their journals."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

COMMITTED, UNKNOWN, ABANDONED = "committed", "unknown", "abandoned"


@dataclass
class Written:
    """Event ids by the fate of their transaction; `doubtful` ones were never answered."""

    committed: set[str] = field(default_factory=set)
    abandoned: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)
    unanswered: list[list[str]] = field(default_factory=list)  # whole transactions
    by_connection: dict[str, list[str]] = field(default_factory=dict)  # as they were written
    transactions: int = 0

    def torn(self, log: Collection[str]) -> int:
        """Unanswered transactions of which a part is in the log."""
        return sum(len({event_id in log for event_id in ids}) > 1 for ids in self.unanswered)

    def happened(self, log: Collection[str]) -> int:
        """Unanswered transactions that had been committed after all."""
        return sum(ids[0] in log for ids in self.unanswered)


def read_journals(folder: Path, *, writer: str = "writer") -> Written:
    """A later line about a transaction replaces an earlier one. A killed writer's last line
    may be cut; then what it tells of had not begun to commit."""
    steps: dict[tuple[str, int], tuple[str, list[str]]] = {}
    for path in sorted(folder.glob(f"{writer}*.jsonl")):
        for text in path.read_text().splitlines(keepends=True):
            if text.endswith("\n"):
                number, outcome, ids = json.loads(text)
                steps[path.stem, number] = outcome, ids
    written = Written(transactions=len(steps))
    for (connection, _), (outcome, ids) in steps.items():
        if outcome == COMMITTED:
            written.committed.update(ids)
        elif outcome == ABANDONED:
            written.abandoned.update(ids)
        elif ids:
            written.doubtful.update(ids)
            written.unanswered.append(ids)
        written.by_connection.setdefault(connection, []).extend(ids)
    return written
