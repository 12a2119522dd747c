"""The tables of this app, every one of them made out of the event log and out of nothing else."""

from analytics.models.boards import Board, BoardChange, Period, Standing, period_start
from analytics.models.facts import Daily, Fact, Figure, TypeMinute
from analytics.models.members import Holding, Journey, JourneyKind, MemberTotal, Nft
from analytics.models.rebuilds import Comparison, Edition

READ_MODELS = (Fact, TypeMinute, Daily, Journey, MemberTotal, Nft, Holding, Standing)
"""What a replay builds anew; the rest keeps books about it."""

__all__ = [
    "READ_MODELS",
    "Board", "BoardChange", "Comparison", "Daily", "Edition", "Fact", "Figure", "Holding",
    "Journey", "JourneyKind", "MemberTotal", "Nft", "Period", "Standing", "TypeMinute",
    "period_start",
]  # fmt: skip
