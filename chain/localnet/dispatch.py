"""From the bytes of a request to the bytes of its reply."""

import json
import logging
from typing import Any

from .errors import (
    INTERNAL_ERROR,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RpcError,
    invalid_params,
    invalid_request,
)
from .methods import METHODS, TEST_HOOKS, Method
from .params import Params
from .service import Localnet

logger = logging.getLogger(__name__)
MAX_BATCH = 1_000


def answer(net: Localnet, body: bytes) -> bytes:
    """Empty when nothing is to be said: every request was a notification."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        return _dump(_failure(None, RpcError(PARSE_ERROR, "Parse error")))
    if not isinstance(request, list):
        return _dump(answer_one(net, request))
    if not 0 < len(request) <= MAX_BATCH:
        return _dump(_failure(None, invalid_request()))
    replies = [reply for each in request if (reply := answer_one(net, each)) is not None]
    return _dump(replies or None)


def answer_one(net: Localnet, request: Any) -> dict[str, Any] | None:
    identifier = request.get("id") if isinstance(request, dict) else None
    try:
        result = call(net, request)
    except RpcError as error:
        reply = _failure(identifier, error)
    else:
        reply = {"jsonrpc": "2.0", "result": result, "id": identifier}
    return None if isinstance(request, dict) and "id" not in request else reply


def call(net: Localnet, request: Any) -> Any:
    if not isinstance(request, dict) or request.get("jsonrpc") != "2.0":
        raise invalid_request()
    method = find_method(net, request.get("method"))
    params = Params(read_params(request))
    if len(params.values) > method.most:
        raise invalid_params(f"Invalid parameters: Expected at most {method.most} parameters.")
    try:
        return method.answer(net, params)
    except RpcError:
        raise
    except BaseException as error:
        # A pyo3 panic is a BaseException of its own kind; it must not stop the server.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        logger.exception("%s failed", request["method"])
        raise RpcError(INTERNAL_ERROR, "Internal error") from error


def find_method(net: Localnet, name: Any) -> Method:
    if not isinstance(name, str):
        raise invalid_request()
    method = METHODS.get(name) or (TEST_HOOKS.get(name) if net.test_hooks else None)
    if method is None:
        raise RpcError(METHOD_NOT_FOUND, "Method not found")
    return method


def read_params(request: dict[str, Any]) -> list[Any]:
    params = request.get("params")
    if params is None:
        return []
    if not isinstance(params, list):
        raise invalid_params("Invalid params: expected an array")
    return params


def _failure(identifier: Any, error: RpcError) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "error": error.as_json(), "id": identifier}


def _dump(reply: Any) -> bytes:
    return b"" if reply is None else json.dumps(reply).encode()
