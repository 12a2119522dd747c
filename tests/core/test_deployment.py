"""What an operator gets who sets the documented variables, and what a visitor sees first."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client, override_settings

from tests.patience import PATIENCE

PRODUCTION = {
    "ADMIN_REQUIRE_OTP": "true",
    "ALLOWED_HOSTS": "nft.example.org",
    "BEHIND_PROXY": "true",
    "PUBLIC_BASE_URL": "https://nft.example.org",
    "SECURE_COOKIES": "true",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": "true",
    "SECURE_HSTS_PRELOAD": "true",
    "SECURE_HSTS_SECONDS": "31536000",
    "SECURE_SSL_REDIRECT": "true",
    "SOLANA_CHAIN": "mainnet",
}


def check_deploy(**variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=settings.BASE_DIR,
        env=os.environ | PRODUCTION | {"SECRET_KEY": "tZ3v-9Qx" * 8} | variables,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_a_deployment_as_documented_has_no_warnings() -> None:
    done = check_deploy()
    assert done.returncode == 0, done.stderr


def test_a_deployment_with_open_cookies_is_warned() -> None:
    assert "security.W012" in check_deploy(SECURE_COOKIES="false").stderr


def test_a_deployment_whose_admin_asks_for_a_password_alone_is_warned() -> None:
    assert "backoffice.W001" in check_deploy(ADMIN_REQUIRE_OTP="false").stderr


@override_settings(SECURE_SSL_REDIRECT=True)
@pytest.mark.parametrize(("page", "status"), [("/healthz", 200), ("/", 301), ("/api/docs/", 301)])
def test_only_the_watchers_are_answered_without_tls(client: Client, page: str, status: int) -> None:
    assert client.get(page).status_code == status
