"""What operators see of the figures: the tables to look at, and the dashboards."""

from analytics.admin import tables

__all__ = ["tables"]
