"""The real server class around a tiny application: `python -m tests.project.server.tiny_server`.

Takes the settings as JSON, prints the port, and drains on SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import Any

from common.config import Config
from common.errors import Unauthorized
from gateway_app.access.proxies import header
from voiceproject.server.reactor import run_until_done
from voiceproject.server.server import VoiceServer

MEGABYTE = 1_000_000
STREAMED_MEGABYTES = 200


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    handler = http if scope["type"] == "http" else websocket
    await handler(scope, receive, send)


async def http(scope: dict[str, Any], receive: Any, send: Any) -> None:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/flood":
        for _ in range(STREAMED_MEGABYTES):
            chunk = {"body": os.urandom(MEGABYTE), "more_body": True}
            await send({"type": "http.response.body", **chunk})
    if scope["path"] == "/slow":
        # The headers go out with the first part of a body.
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.sleep(2)
    answer = {
        "bytes": len(body),
        "root_path": scope["root_path"],
        "headers": [name.decode() for name, _ in scope["headers"]],
    }
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


async def websocket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()
    if scope["path"] == "/late":
        await asyncio.sleep(1)
    await send({"type": "websocket.accept"})
    if scope["path"] == "/busy":
        await asyncio.sleep(3_600)
    if scope["path"] == "/flood":
        for _ in range(STREAMED_MEGABYTES * 16):
            await send({"type": "websocket.send", "bytes": os.urandom(62_500)})
    if scope["path"] == "/large":
        await send({"type": "websocket.send", "bytes": os.urandom(MEGABYTE)})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "fail":
            raise ValueError("asked to fail")
        echo = {key: message[key] for key in ("text", "bytes") if message.get(key)}
        await send({"type": "websocket.send", **echo})


async def main() -> int:
    config = Config(**json.loads(sys.argv[1]))
    keys = set(config.api_keys)

    async def admit_body(scope: dict[str, Any]) -> None:
        await asyncio.sleep(0.01)
        if keys and header(scope, b"x-api-key") not in keys:
            raise Unauthorized("A key, please.")

    server = VoiceServer(application, config, admit_body=admit_body)
    port = server.listen("127.0.0.1", 0)
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, asked_to_stop.set)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asked_to_stop.wait()
    await server.drain(config.shutdown_grace_seconds)
    return 0


if __name__ == "__main__":
    sys.exit(run_until_done(main))
