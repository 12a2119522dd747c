from django.apps import AppConfig


class ProofConfig(AppConfig):
    """`manage.py prove_upgrade`. Nothing here runs unless that command does."""

    name = "proof"
