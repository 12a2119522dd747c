from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chain.localnet.params import Params
from chain.localnet.service import Localnet


@dataclass(frozen=True, slots=True)
class Method:
    """`most` is how many parameters it takes at most."""

    answer: Callable[[Localnet, Params], Any]
    most: int


Table = Mapping[str, Method]


def with_context(slot: int, value: Any) -> dict[str, Any]:
    return {"context": {"apiVersion": API_VERSION, "slot": slot}, "value": value}


API_VERSION = "2.3.0"  # the validator release whose replies these are
