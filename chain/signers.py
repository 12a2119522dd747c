"""Who signs for us: something that holds a private key and shows only its address.

A key service (HSM, KMS) would be another class with the same two methods. solders' own Keypair
satisfies the protocol too, but its `str()` is the secret, so configuration never hands one out.
"""

from pathlib import Path
from typing import NoReturn, Protocol

from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature

from chain.errors import ChainUnavailable
from chain.keys import load_keypair
from core.env import env


class Signer(Protocol):
    def pubkey(self) -> Pubkey: ...

    def sign_message(self, message: bytes) -> Signature:
        """Raises ChainUnavailable when the key cannot be had now."""
        ...


class _Masked:
    """Prints as its address, and is never written anywhere."""

    _address: Pubkey

    def pubkey(self) -> Pubkey:
        return self._address

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._address}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signer cannot be pickled or copied")


class MemorySigner(_Masked):
    """Holds the key for as long as the process lives."""

    def __init__(self, keypair: Keypair) -> None:
        self._keypair = keypair
        self._address = keypair.pubkey()

    def sign_message(self, message: bytes) -> Signature:
        return self._keypair.sign_message(message)


class FileSigner(_Masked):
    """Reads the key from its file for each signature, and keeps only the address in between.

    Raises ValueError or OSError at the start. Later a file that is gone, or that holds another
    key than at the start, means that signing waits until it is back.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._address = load_keypair(path.read_text()).pubkey()

    def sign_message(self, message: bytes) -> Signature:
        signature = None
        try:
            keypair = load_keypair(self._path.read_text())
            if keypair.pubkey() == self._address:
                signature = keypair.sign_message(message)
        except (OSError, ValueError):
            signature = None
        if signature is None:
            raise ChainUnavailable("SIGNER_UNAVAILABLE", "Signing waits for a key to be restored.")
        return signature


def read_signer(name: str) -> Signer:
    """From the environment: `NAME_FILE` is the path of a key file, or `NAME` the key itself.

    Both as `load_keypair` reads them. Raises ValueError, without the value.
    """
    path = env.str(f"{name}_FILE", "")
    return FileSigner(Path(path)) if path else MemorySigner(load_keypair(env.str(name)))
