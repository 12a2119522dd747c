"""What an installation is configured with: secrets of its own, made once.

`python -m demo.configuration` prints a `.env` with fresh ones (`make env`).
"""

import json
import os
import secrets
from base64 import urlsafe_b64encode
from pathlib import Path

from solders.keypair import Keypair

APPLICATION_ROLE = "aiw3_app"  # of the demo's database; the processes run as it
EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"


def new_secrets() -> dict[str, str]:
    """Fresh values for every secret of `config.settings`, by variable name."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "JWT_SIGNING_KEY": secrets.token_urlsafe(48),
        "MINT_DERIVATION_SECRETS": f"1:{secrets.token_hex(32)}",
        "MINT_AUTHORITY_KEYPAIR": str(Keypair()),
        # Any 32 bytes but a handful are a private key of P-256.
        "VAPID_PRIVATE_KEY": urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("="),
        "AUDIT_SIGNING_KEYS": f"1:{secrets.token_hex(32)}",
    }


def installation_values(path: Path) -> dict[str, str]:
    """What this installation made up at its first start and keeps in `path` (mode 0600)."""
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    admin = {
        "DEMO_ADMIN_USER": "admin",
        "DEMO_ADMIN_PASSWORD": secrets.token_urlsafe(18),
        "DEMO_SERVICE_API_KEY": "",  # made once the database is there
        "DEMO_DATABASE_PASSWORD": secrets.token_urlsafe(24),
    }
    complete = new_secrets() | admin | kept
    if complete != kept:
        write_private(path, json.dumps(complete, indent=2) + "\n")
    return complete


def env_file() -> str:
    """`.env.example` with every secret filled in."""
    password = secrets.token_urlsafe(24)
    text = EXAMPLE.read_text().replace("PASSWORD@", f"{password}@")
    for name, value in {**new_secrets(), "POSTGRES_PASSWORD": password}.items():
        text = text.replace(f"\n{name}=\n", f"\n{name}={value}\n")
    return text


def write_private(path: Path, text: str) -> None:
    """Replace `path` in one step, readable by its owner only."""
    aside = path.with_name(path.name + ".new")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


if __name__ == "__main__":
    print(env_file(), end="")
