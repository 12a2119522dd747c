from django.apps import AppConfig
from django.contrib.admin import apps as admin


class BackofficeConfig(AppConfig):
    """The admin as a whole: its site, its home, its roles and how staff sign in."""

    name = "backoffice"

    def ready(self) -> None:
        from backoffice import checks  # noqa: F401 - registers itself


class BackofficeAdminConfig(admin.AdminConfig):
    """Django's admin, whose `admin.site` is ours: every app registers with it as usual."""

    default = False  # of this module
    default_site = "backoffice.site.BackofficeSite"
