"""The one admin site: staff get in with a second factor, for so long."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib.auth.decorators import user_passes_test
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from unfold.sites import UnfoldAdminSite

from backoffice import home, members, sign_in
from backoffice.sessions import limit_session

View = Callable[..., HttpResponse]


class BackofficeSite(UnfoldAdminSite):
    index_title = "Operations"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.disable_action("delete_selected")  # rows are deleted one by one, each with a reason

    def has_permission(self, request: HttpRequest) -> bool:
        return sign_in.is_let_in(request)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        checked = super().admin_view(view, cacheable)

        def limited(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            limit_session(request, now=timezone.now())
            answer: HttpResponse = checked(request, *args, **kwargs)
            return answer

        return update_wrapper(limited, view)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Who has signed in and lacks the second factor is asked for that, not for a password."""
        half = sign_in.is_staff_at_all(request) and not self.has_permission(request)
        if request.method == "GET" and half:
            query = {"next": request.GET["next"]} if "next" in request.GET else None
            return redirect(reverse("admin:second_factor", query=query))
        answer: HttpResponse = super().login(request, extra_context)
        return answer

    def extra_urls(self) -> list[URLPattern]:
        """For unfold, which puts them before Django's."""
        return [
            path("members/<uuid:user_id>/", self.admin_view(members.member_page), name="member"),
            path("attention/", self.admin_view(home.attention), name="attention"),
            path("second-factor/", self._half(sign_in.second_factor_page), name="second_factor"),
            path("second-factor/enrol/", self._half(sign_in.enrolment_page), name="enrol"),
            path("second-factor/enrol.svg", self._half(sign_in.enrolment_picture), name="enrol_qr"),
            path("second-factor/leave/", self._half(sign_in.leave), name="leave"),
            path("second-factor/codes/", self._half(sign_in.recovery_codes_page), name="codes"),
        ]

    def _half(self, view: View) -> View:
        """For staff who have given a password and not yet the second factor."""
        staff_only = user_passes_test(
            lambda user: user.is_active and getattr(user, "is_staff", False),
            login_url="admin:login",
        )

        def limited(request: HttpRequest) -> HttpResponse:
            limit_session(request, now=timezone.now())
            return view(request)

        page: View = never_cache(staff_only(update_wrapper(limited, view)))
        return page
