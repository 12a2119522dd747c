import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings


def test_the_command_refuses_production_settings(settings: Settings):
    settings.DEBUG = settings.LOCALNET_ALLOWED = False
    with pytest.raises(CommandError, match="no place in production"):
        call_command("localnet", port=0)


@pytest.mark.parametrize(
    "wrong", [["--port=70000"], ["--finality=0"], ["--slot-ms=-1"], ["--airdrop-cap=x"]]
)
def test_options_out_of_range_are_refused(settings: Settings, wrong: list[str]):
    settings.LOCALNET_ALLOWED = True
    with pytest.raises(CommandError):
        call_command("localnet", *wrong)
