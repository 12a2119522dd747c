"""Readiness: may the load balancer send requests here?"""

from django.db import Error as DatabaseError
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.health import is_operator
from realtime.log import ping
from realtime.site import running_site


class ReadinessView(APIView):
    """200 or 503 for everybody; which part is missing only for operators.

    Who asks is found out last, because that needs the database.
    """

    permission_classes = []

    def perform_authentication(self, request: Request) -> None:
        """Left to `get`."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        checks = {"database": database_answers(), "streams": streams_hear()}
        is_ready = all(checks.values())
        body: dict[str, object] = {"status": "ready" if is_ready else "not ready"}
        if checks["database"] and is_operator(request.user):
            body["checks"] = checks
        return Response(
            body, status=200 if is_ready else 503, headers={"Cache-Control": "no-store"}
        )


def database_answers() -> bool:
    try:
        ping()
    except DatabaseError:
        return False
    return True


def streams_hear() -> bool:
    """A process that serves no streams (none was started) has nothing to hear."""
    site = running_site()
    return site is None or not (site.draining or site.hub.is_deaf)
