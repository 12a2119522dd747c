"""Notifications in the admin: texts are edited, all else is looked at and sent again."""

from notifications.admin import logs, people, templates

__all__ = ["logs", "people", "templates"]
