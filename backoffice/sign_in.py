"""The pages between the password and the admin: the second factor, and enrolling one."""

from base64 import b32encode
from typing import Any, cast

import django_otp
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.models import User
from backoffice import second_factor

WRONG = "That code is not right, or was used already. After each wrong one, wait a little longer."


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=16,
        strip=True,
        widget=UnfoldAdminTextInputWidget(
            {"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )


def is_staff_at_all(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_staff


def is_let_in(request: HttpRequest) -> bool:
    """Staff, and verified by a second factor where that is asked for."""
    verified = not settings.ADMIN_REQUIRE_OTP or cast(Any, request.user).is_verified()
    return is_staff_at_all(request) and verified


@require_http_methods(["GET", "HEAD", "POST"])
def second_factor_page(request: HttpRequest) -> HttpResponse:
    """Asks for a code; who has no authenticator yet is sent to enrol one."""
    user = cast(User, request.user)
    if is_let_in(request):
        return redirect(_target(request))
    if second_factor.authenticator_of(user) is None:
        return redirect(_with_target("admin:enrol", request))
    form = CodeForm(request.POST or None)
    if form.is_valid():
        device = second_factor.check_code(user=user, code=form.cleaned_data["code"])
        if device is not None:
            _let_in(request, device)
            return redirect(_target(request))
        form.add_error("code", WRONG)
    return _page(request, "ask.html", "Second factor", form=form)


@require_http_methods(["GET", "HEAD", "POST"])
def enrolment_page(request: HttpRequest) -> HttpResponse:
    """Shows a new secret until the first code of it comes; then the recovery codes, once."""
    user = cast(User, request.user)
    if _may_not_enrol(request):
        return redirect(_with_target("admin:second_factor", request))
    form = CodeForm(request.POST or None)
    if form.is_valid():
        device = second_factor.enrol(user=user, code=form.cleaned_data["code"])
        if device is not None:
            _let_in(request, device)
            return _show_codes(request)
        form.add_error("code", WRONG)
    waiting = second_factor.begin_enrolment(user=user)
    secret = b32encode(waiting.bin_key).decode()
    return _page(request, "enrol.html", "Set up your second factor", form=form, secret=secret)


@require_safe
def enrolment_picture(request: HttpRequest) -> HttpResponse:
    if _may_not_enrol(request):
        return redirect("admin:second_factor")
    waiting = second_factor.begin_enrolment(user=cast(User, request.user))
    return HttpResponse(second_factor.qr_code(waiting), content_type="image/svg+xml")


@require_POST
def recovery_codes_page(request: HttpRequest) -> HttpResponse:
    """New ones, for whoever has shown the second factor."""
    if not cast(Any, request.user).is_verified():
        return redirect("admin:second_factor")
    return _show_codes(request)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Sign out half way, where Django's own page wants the second factor first."""
    logout(request)
    return redirect("admin:login")


def _may_not_enrol(request: HttpRequest) -> bool:
    """A password alone is not enough to replace the authenticator of somebody who has one."""
    user = cast(Any, request.user)
    return not user.is_verified() and second_factor.authenticator_of(user) is not None


def _let_in(request: HttpRequest, device: Any) -> None:
    """Under a new session key: whoever knew that of half a sign-in knows nothing now."""
    request.session.cycle_key()
    django_otp.login(request, device)


def _show_codes(request: HttpRequest) -> HttpResponse:
    codes = second_factor.new_recovery_codes(user=cast(User, request.user))
    messages.success(request, "Your second factor is set up.")
    return _page(request, "codes.html", "Keep these recovery codes", codes=codes)


def _page(request: HttpRequest, name: str, title: str, **context: Any) -> HttpResponse:
    shown = {
        **admin.site.each_context(request),
        "title": title,
        "is_nav_sidebar_enabled": False,
        "next": _target(request),
        **context,
    }
    return TemplateResponse(request, f"admin/second_factor/{name}", shown)


def _target(request: HttpRequest) -> str:
    """Where somebody wanted to go, when that is a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else reverse("admin:index")


def _with_target(name: str, request: HttpRequest) -> str:
    return reverse(name, query={"next": _target(request)})
