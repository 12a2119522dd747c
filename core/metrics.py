"""What apps read from the database at a scrape: the same from every process."""

from prometheus_client import CollectorRegistry

database_state = CollectorRegistry()
