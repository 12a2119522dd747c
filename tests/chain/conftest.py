from collections.abc import Iterator

import pytest

from chain.localnet.process import LocalnetProcess
from tests.chain.net import Net
from tests.chain.svm import Svm


@pytest.fixture
def svm() -> Svm:
    return Svm()


@pytest.fixture(scope="session")
def net() -> Iterator[Net]:
    with LocalnetProcess() as process:
        yield Net(process)
