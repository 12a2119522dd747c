from pathlib import Path

import pytest

from tests.deploy.certificate import Certificate, make_certificate
from tests.realtime.conftest import (  # noqa: F401 - fixtures
    _closed_streams,
    committing_database,
    heads,
    person,
    shared_log,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("proxy")


@pytest.fixture(scope="module")
def certificate(folder: Path) -> Certificate:
    return make_certificate(folder)
