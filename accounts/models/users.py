"""A user is a wallet; staff may also have a name and a password."""

from collections.abc import Collection
from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from core.ids import uuid7

UNFIT = """
SELECT asked.id FROM unnest(%s::uuid[]) AS asked (id)
LEFT JOIN accounts_user AS person
    ON person.id = asked.id AND person.is_active AND (person.is_staff OR NOT %s)
WHERE person.id IS NULL
"""


class UserManager(BaseUserManager["User"]):
    """`create_user` takes a wallet; `create_superuser` a name and a password (for the admin)."""

    def unfit(self, ids: Collection[UUID], *, staff: bool) -> set[UUID]:
        """Who of them is not active (`staff`: and staff), or not there: few of thousands asked."""
        if not ids:
            return set()
        with connection.cursor() as cursor:
            cursor.execute(UNFIT, [list(ids), staff])
            return {user_id for (user_id,) in cursor.fetchall()}

    def create_user(self, wallet_address: str) -> "User":
        user = User(wallet_address=wallet_address)
        user.set_unusable_password()
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **_: Any) -> "User":
        user = User(username=username, is_staff=True, is_superuser=True)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """`wallet_address` is a base58 Ed25519 public key of 32 bytes."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    wallet_address = models.CharField(max_length=44, unique=True, null=True, blank=True)
    username = models.CharField(max_length=64, unique=True, null=True, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(wallet_address__isnull=False) | Q(username__isnull=False),
                name="user_has_wallet_or_name",
            )
        ]

    def __str__(self) -> str:
        return self.username or self.wallet_address or str(self.id)

    @property
    def is_admin_reader(self) -> bool:
        """Whether the stream of system operations is theirs to read."""
        return self.is_active and self.is_staff

    @property
    def caller_scope(self) -> str:
        """Who calls, for idempotency and rate limits."""
        return f"user:{self.id}"

    @property
    def roles(self) -> list[str]:
        """Names of their groups (`operator`, `auditor`, `support`), sorted."""
        return sorted(group.name for group in self.groups.all())
