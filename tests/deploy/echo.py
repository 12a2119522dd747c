"""An ASGI application that tells what a proxy made of a request, over HTTP and WebSocket."""

import json
from typing import Any


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        body = json.dumps(told(scope)).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": json.dumps(told(scope))})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})


def told(scope: Any) -> dict[str, Any]:
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    return {"scheme": scope["scheme"], "client": scope["client"][0], "headers": headers}
