"""Addresses and signatures from outside, and base58 for data of any length."""

from solders.pubkey import Pubkey
from solders.signature import Signature

from chain.errors import ChainRejected

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS = {letter: number for number, letter in enumerate(_ALPHABET)}


def parse_address(text: str) -> Pubkey:
    try:
        return Pubkey.from_string(text)
    except ValueError:
        raise ChainRejected("INVALID_ADDRESS", "This is not a Solana address.") from None


def parse_signature(text: str) -> Signature:
    try:
        return Signature.from_string(text)
    except ValueError:
        raise ChainRejected("INVALID_SIGNATURE", "This is not a Solana signature.") from None


def decode_base58(text: str) -> bytes:
    """Raises ValueError. Leading ones are leading zero bytes."""
    number = 0
    for letter in text:
        if letter not in _DIGITS:
            raise ValueError("not base58")
        number = number * 58 + _DIGITS[letter]
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
