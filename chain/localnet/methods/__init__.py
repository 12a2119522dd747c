"""The JSON-RPC methods, as one table."""

from .accounts import ACCOUNT_METHODS
from .cluster import CLUSTER_METHODS
from .hooks import TEST_HOOKS
from .table import Method, Table
from .tokens import TOKEN_METHODS
from .transactions import TRANSACTION_METHODS

METHODS: Table = {
    **CLUSTER_METHODS,
    **ACCOUNT_METHODS,
    **TOKEN_METHODS,
    **TRANSACTION_METHODS,
}

__all__ = ["METHODS", "TEST_HOOKS", "Method", "Table"]
