"""Guessing a password: after some failures from one address, that address has to wait."""

import ipaddress
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core.throttling import network_of


def client_address(request: HttpRequest) -> str | None:
    """As rate limits count: behind our proxies the client's, of IPv6 the /64."""
    address = network_of(request)
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None


def locked_out(request: HttpRequest, *_: Any) -> HttpResponse:
    """What somebody sees who has to wait."""
    wait = settings.AXES_COOLOFF_TIME
    context = {**admin.site.each_context(request), "title": "Wait a little", "wait": wait}
    response = render(request, "admin/locked_out.html", context, status=429)
    response.headers["Retry-After"] = str(int(wait.total_seconds()))
    return response
