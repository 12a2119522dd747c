"""A wallet for the command line, so that curl can do what a browser with a wallet does.

    python -m demo.wallet new FILE               makes a key in FILE (0600), prints its address
    python -m demo.wallet sign-message FILE      nonce answer in, body for /api/auth/verify out
    python -m demo.wallet sign-transaction FILE  burn transaction in, body for burn-confirm out

Both signers read the API's JSON answer on stdin and print the JSON body of the next call.
FILE has the form that Solana's own command line uses: an array of 64 bytes.
"""

import argparse
import base64
import json
import os
import sys
from pathlib import Path
from typing import Any

from solders.keypair import Keypair
from solders.message import to_bytes_versioned
from solders.transaction import VersionedTransaction


def new_wallet(file: Path) -> str:
    """The address of a fresh key. Raises FileExistsError: a key is never overwritten."""
    wallet = Keypair()
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(wallet.to_json())
    return str(wallet.pubkey())


def sign_message(wallet: Keypair, answer: dict[str, Any]) -> dict[str, str]:
    """`answer` has the `message` to sign; its exact bytes count."""
    message: str = answer["message"]
    signature = wallet.sign_message(message.encode())
    return {"address": str(wallet.pubkey()), "message": message, "signature": str(signature)}


def sign_transaction(wallet: Keypair, answer: dict[str, Any]) -> dict[str, str]:
    """`answer` has `burnTransaction`, base64; signatures of others in it (a sponsor's) stay.

    Raises ValueError when the transaction does not ask for this wallet's signature.
    """
    unsigned = VersionedTransaction.from_bytes(base64.b64decode(answer["burnTransaction"]))
    message = unsigned.message
    signers = message.account_keys[: message.header.num_required_signatures]
    signatures = list(unsigned.signatures)
    signatures[signers.index(wallet.pubkey())] = wallet.sign_message(to_bytes_versioned(message))
    signed = VersionedTransaction.populate(message, signatures)
    return {"signedTransaction": base64.b64encode(bytes(signed)).decode()}


SIGNERS = {"sign-message": sign_message, "sign-transaction": sign_transaction}


def main(arguments: list[str] | None = None) -> int:
    given = _parse(arguments)
    try:
        if given.command == "new":
            print(new_wallet(given.file))
        else:
            wallet = Keypair.from_json(given.file.read_text())
            print(json.dumps(SIGNERS[given.command](wallet, _read_answer())))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
    except KeyError as missing:
        print(f"The answer on stdin has no {missing}: was it an error?", file=sys.stderr)
    else:
        return 0
    return 1


def _read_answer() -> dict[str, Any]:
    answer = json.load(sys.stdin)
    if not isinstance(answer, dict):
        raise ValueError("The answer on stdin is not a JSON object.")
    return answer


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m demo.wallet",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=["new", *SIGNERS])
    parser.add_argument("file", type=Path)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
