"""Runs a command with made-up settings, for what imports the project and serves nobody.

python -m demo.throwaway COMMAND [ARGUMENT ...]
"""

import os
import sys

from demo.configuration import new_secrets


def main() -> None:
    nowhere = "127.0.0.1:1"
    environment = os.environ | new_secrets() | {
        "DATABASE_URL": f"postgres://nobody@{nowhere}/none",
        "REDIS_URL": f"redis://{nowhere}/0",
        "SOLANA_RPC_URL": f"http://{nowhere}",
    }  # fmt: skip
    os.execvpe(sys.argv[1], sys.argv[1:], environment)  # noqa: S606


if __name__ == "__main__":
    main()
