"""Runs a command with made-up settings, for what imports the project and serves nobody.

python -m demo.throwaway COMMAND [ARGUMENT ...]
"""

import os
import sys

from demo.configuration import new_secrets


def made_up_settings() -> dict[str, str]:
    """Fresh secrets, and servers at an address where nothing answers."""
    nowhere = "127.0.0.1:1"
    return new_secrets() | {
        "DATABASE_URL": f"postgres://nobody@{nowhere}/none",
        "REDIS_URL": f"redis://{nowhere}/0",
        "SOLANA_RPC_URL": f"http://{nowhere}",
    }


def main() -> None:
    os.execvpe(sys.argv[1], sys.argv[1:], os.environ | made_up_settings())  # noqa: S606


if __name__ == "__main__":
    main()
