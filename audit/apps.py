from typing import Any

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "audit"

    def ready(self) -> None:
        from celery.signals import task_prerun
        from django.db import connections
        from django.db.backends.signals import connection_created

        from audit import checks  # noqa: F401 - registers itself
        from audit.handlers import AUDIT
        from audit.metrics import AuditCollector
        from audit.working import mark_statements_of
        from core.metrics import database_state
        from events.groups import register

        connection_created.connect(mark_statements_of, dispatch_uid="audit")
        for connection in connections.all(initialized_only=True):
            mark_statements_of(connection)
        task_prerun.connect(name_the_job, dispatch_uid="audit")
        register(AUDIT)
        database_state.register(AuditCollector())


def name_the_job(task: Any, **_: Any) -> None:
    """What Celery's job changes is recorded with its name."""
    from audit.working import work_as

    work_as(actor="system:worker", origin=f"job {task.name}")
