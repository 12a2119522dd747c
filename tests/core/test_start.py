"""The site starts, and its schema is in step with the models."""

import pytest
from django.core.management import call_command
from django.test import Client


@pytest.mark.django_db
def test_migrations_match_the_models() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_an_unknown_page_answers_in_the_error_format(client: Client) -> None:
    response = client.get("/api/nowhere")
    assert response.status_code == 404
    assert response.json()["error_code"] == "NOT_FOUND"
