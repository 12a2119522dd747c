"""Bytes to and from the encodings that JSON-RPC names."""

import base64
import binascii
from typing import Any

from .errors import RpcError, invalid_params

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}
MAX_BASE58_BYTES = 128
PACKET_BYTES = 1232  # a transaction must fit one network packet
MAX_PACKET_BASE58 = 1683
MAX_PACKET_BASE64 = 1644


def to_base58(data: bytes) -> str:
    number, letters = int.from_bytes(data, "big"), []
    while number:
        number, rest = divmod(number, 58)
        letters.append(ALPHABET[rest])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(letters))


def from_base58(text: str) -> bytes:
    """Raises ValueError."""
    number = 0
    for letter in text:
        if letter not in _VALUES:
            raise ValueError("invalid base58 character")
        number = number * 58 + _VALUES[letter]
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def decode_packet(text: str, encoding: str) -> bytes:
    """The wire bytes of a transaction or message in a request."""
    limits = {"base58": MAX_PACKET_BASE58, "base64": MAX_PACKET_BASE64}
    if encoding not in limits:
        raise invalid_params(
            f"unsupported encoding: {encoding}. Supported encodings: base58, base64"
        )
    if len(text) > limits[encoding]:
        raise invalid_params(
            f"{encoding} encoded transaction too large: {len(text)} bytes"
            f" (max: encoded/raw {limits[encoding]}/{PACKET_BYTES})"
        )
    try:
        raw = from_base58(text) if encoding == "base58" else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise invalid_params(f"invalid {encoding} encoding: {error}") from error
    if len(raw) > PACKET_BYTES:
        raise invalid_params(
            f"decoded transaction too large: {len(raw)} bytes (max: {PACKET_BYTES} bytes)"
        )
    return raw


def encode_data(data: bytes, encoding: str) -> Any:
    """Account data. `binary` is the old default: base58 as a bare string."""
    if encoding in ("binary", "base58"):
        if len(data) > MAX_BASE58_BYTES:
            raise RpcError(
                -32600,
                "Encoded binary (base 58) data should be less than 128 bytes,"
                " please use Base64 encoding.",
            )
        text = to_base58(data)
        return text if encoding == "binary" else [text, "base58"]
    if encoding in ("base64", "jsonParsed"):
        return [base64.b64encode(data).decode(), "base64"]
    raise invalid_params(f"unsupported encoding: {encoding}")


def ui_amount(amount: int, decimals: int) -> dict[str, Any]:
    """A token amount; `uiAmountString` is exact, `uiAmount` is the float of the protocol."""
    return {
        "amount": str(amount),
        "decimals": decimals,
        "uiAmount": amount / 10**decimals,
        "uiAmountString": _decimal_string(amount, decimals),
    }


def _decimal_string(amount: int, decimals: int) -> str:
    if not decimals:
        return str(amount)
    digits = str(amount).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}".rstrip("0").rstrip(".")
