"""Pages that belong to a member: whoever signed in with a wallet."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import ensure_csrf_cookie

from accounts.models import User

P = ParamSpec("P")
MemberView = Callable[Concatenate[HttpRequest, User, P], HttpResponse]
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def member_of(request: HttpRequest) -> User | None:
    """None also for staff who signed in with a password and have no wallet."""
    user = request.user
    return user if isinstance(user, User) and user.wallet_address else None


def member_page(view: MemberView[P]) -> View[P]:
    """The view gets the member; anybody else is sent to the sign-in and comes back after it."""

    @ensure_csrf_cookie
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        member = member_of(request)
        if member is None:
            query = urlencode({"next": request.get_full_path()})
            response: HttpResponse = redirect(f"{reverse('sign-in')}?{query}")
        else:
            response = view(request, member, *args, **kwargs)
        add_never_cache_headers(response)
        return response

    return guarded
