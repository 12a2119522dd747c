"""Parts of the other apps' tests."""

from tests.audit.conftest import log  # noqa: F401 - fixtures
from tests.nft.conftest import tiers  # noqa: F401
from tests.notifications.conftest import office, push_service  # noqa: F401
