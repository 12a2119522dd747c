"""The Content-Security-Policy of each part of the site, and where browsers report a breach."""

import json
import logging
from math import ceil
from typing import Any
from urllib.parse import urlsplit

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from prometheus_client import Counter

from core.throttling import network_of, take_turn

logger = logging.getLogger(__name__)
reports = Counter(
    "aiw3_csp_reports_total", "Breaches of the policy that browsers reported", ["directive"]
)
REPORT_BYTES = 8 * 1024


class PolicyMiddleware(CSPMiddleware):
    """django-csp's, with a policy of its own below the prefixes of `CONTENT_SECURITY_POLICIES`."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts: PolicyParts = super().get_policy_parts(request, response, report_only)
        if not report_only and parts.config is None:
            policies = settings.CONTENT_SECURITY_POLICIES.items()
            found = (policy for start, policy in policies if request.path_info.startswith(start))
            parts.config = next(found, None)
        return parts


@csrf_exempt  # browsers send no token with a report
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Count a report and log it, shortened: anybody can send one, and so many from one address."""
    if wait := take_turn(limit="csp_report", whose=network_of(request)):
        return HttpResponse(status=429, headers={"Retry-After": str(ceil(wait / 1000))})
    body = request.read(REPORT_BYTES + 1)
    report = _parse(body) if len(body) <= REPORT_BYTES else None
    if report is None:
        return HttpResponse(status=400)
    directive = str(report.get("effective-directive") or report.get("violated-directive"))
    known = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    name = next((each for each in known if directive.startswith(each)), "other")
    reports.labels(name).inc()
    page, blocked = _place(report.get("document-uri")), _place(report.get("blocked-uri"))
    logger.warning("Policy %s: %s was refused on %s", name, blocked, page)
    return HttpResponse(status=204)


def _parse(body: bytes) -> dict[str, Any] | None:
    try:
        report = json.loads(body)["csp-report"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return report if isinstance(report, dict) else None


def _place(address: object) -> str:
    """Without query and fragment, which may hold tickets; without line breaks."""
    try:
        parts = urlsplit(str(address))
    except ValueError:
        return "?"
    return f"{parts.scheme}:{parts.netloc}{parts.path}"[:200].encode("unicode_escape").decode()
