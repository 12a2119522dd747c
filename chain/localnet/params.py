"""Reading untrusted JSON-RPC parameters; whatever does not fit is -32602."""

from typing import Any, cast

from solders.hash import Hash, ParseHashError
from solders.pubkey import Pubkey
from solders.signature import Signature

from .errors import MIN_CONTEXT_SLOT, RpcError, invalid_params
from .ledger import Commitment, Ledger

U64_MAX = 2**64 - 1


class Config:
    """The options object that closes most parameter lists."""

    def __init__(self, values: dict[str, Any]):
        self.values = values

    def commitment(self, name: str = "commitment") -> Commitment:
        value = self.values.get(name)
        if value is None:
            return "finalized"
        if value not in ("processed", "confirmed", "finalized"):
            raise invalid_params(f"Invalid params: unknown commitment {value!r}")
        return cast(Commitment, value)

    def settled_commitment(self) -> Commitment:
        """For the methods that read blocks."""
        commitment = self.commitment()
        if commitment == "processed":
            raise invalid_params("Method does not support commitment below `confirmed`")
        return commitment

    def text(self, name: str, default: str) -> str:
        value = self.values.get(name)
        if value is None:
            return default
        text: str = _expect(value, str, name)
        return text

    def flag(self, name: str) -> bool:
        value = self.values.get(name)
        return False if value is None else _expect(value, bool, name)

    def integer(self, name: str, *, low: int = 0, high: int = U64_MAX) -> int | None:
        value = self.values.get(name)
        return None if value is None else _integer(value, name, low, high)

    def part(self, name: str) -> "Config | None":
        value = self.values.get(name)
        return None if value is None else Config(_expect(value, dict, name))

    def list(self, name: str, *, most: int) -> list[Any]:
        value = self.values.get(name)
        if value is None:
            return []
        items: list[Any] = _expect(value, list, name)
        if len(items) > most:
            raise invalid_params(f"Too many {name} provided; max {most}")
        return items

    def signature(self, name: str) -> str | None:
        value = self.values.get(name)
        return None if value is None else read_signature(value)

    def view(self, ledger: Ledger) -> int:
        """The slot to read at; it must have reached the caller's `minContextSlot`."""
        slot = ledger.slot_at(self.commitment())
        minimum = self.integer("minContextSlot")
        if minimum is not None and slot < minimum:
            raise RpcError(
                MIN_CONTEXT_SLOT, "Minimum context slot has not been reached", {"contextSlot": slot}
            )
        return slot


class Params:
    def __init__(self, values: list[Any]):
        self.values = values

    def _at(self, index: int) -> Any:
        if index >= len(self.values):
            raise invalid_params(f"`params` should have at least {index + 1} argument(s)")
        return self.values[index]

    def text(self, index: int) -> str:
        text: str = _expect(self._at(index), str, f"parameter {index}")
        return text

    def integer(self, index: int, *, low: int = 0, high: int = U64_MAX) -> int:
        return _integer(self._at(index), f"parameter {index}", low, high)

    def pubkey(self, index: int) -> Pubkey:
        return read_pubkey(self._at(index))

    def signature(self, index: int) -> str:
        return read_signature(self._at(index))

    def blockhash(self, index: int) -> Hash:
        try:
            return Hash.from_string(self.text(index))
        except ParseHashError as error:
            raise invalid_params(f"Invalid param: {error}") from error

    def items(self, index: int, *, most: int) -> list[Any]:
        values: list[Any] = _expect(self._at(index), list, f"parameter {index}")
        if len(values) > most:
            raise invalid_params(f"Too many inputs provided; max {most}")
        return values

    def config(self, index: int, *, required: bool = False) -> Config:
        value = self._at(index) if required else self._optional(index)
        return Config({} if value is None else _expect(value, dict, f"parameter {index}"))

    def encoding_or_config(self, index: int) -> Config:
        """Older clients send the encoding alone where newer ones send options."""
        value = self._optional(index)
        return Config({"encoding": value}) if isinstance(value, str) else self.config(index)

    def _optional(self, index: int) -> Any:
        return self.values[index] if index < len(self.values) else None


def read_pubkey(value: Any) -> Pubkey:
    try:
        return Pubkey.from_string(_expect(value, str, "public key"))
    except ValueError as error:
        raise invalid_params(f"Invalid param: {error}") from error


def read_signature(value: Any) -> str:
    try:
        return str(Signature.from_string(_expect(value, str, "signature")))
    except ValueError as error:
        raise invalid_params(f"Invalid param: {error}") from error


def _integer(value: Any, name: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise invalid_params(f"Invalid params: {name} must be an integer from {low} to {high}")
    return value


def _expect(value: Any, kind: type, name: str) -> Any:
    if not isinstance(value, kind):
        raise invalid_params(f"Invalid params: {name} must be {kind.__name__}")
    return value
