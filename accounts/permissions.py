"""Who may: DRF permissions."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import ServiceKey, User


def HasScope(scope: str) -> type[BasePermission]:
    """A permission: the caller is a service whose key has `scope`."""

    class HasThatScope(BasePermission):
        message = f"This call needs an API key with the scope {scope}."

        def has_permission(self, request: Request, view: APIView) -> bool:
            return isinstance(request.auth, ServiceKey) and scope in request.auth.scopes

    return HasThatScope


class IsAdminReader(BasePermission):
    """Staff."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User) and request.user.is_admin_reader
