import pytest

from tests.trading.parts import restore_milestones


@pytest.fixture
def milestones(db: None) -> None:
    restore_milestones()
