"""Builds the ASGI application with its engines."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from typing import Any

import structlog
from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceproject.settings")
_django = get_asgi_application()

from django.conf import settings  # noqa: E402 - Django first

from common.errors import EngineFailed, VoiceError  # noqa: E402
from common.services import Services  # noqa: E402
from gateway_app.access.proxies import behind_proxy  # noqa: E402
from gateway_app.access.root_path import placed  # noqa: E402
from gateway_app.services import GatewayServices  # noqa: E402
from voiceproject.lifecycle import ServerProcess  # noqa: E402
from voiceproject.routing import sockets_of  # noqa: E402
from voiceproject.services import build_services  # noqa: E402
from voiceproject.storage.folder import FolderInUse  # noqa: E402
from voiceproject.storage.use import using_data_folder  # noqa: E402

log = structlog.get_logger(__name__)


def build_application(services: Services) -> Any:
    """The ASGI application; views and consumers find `services` in scope["state"]."""
    config = services[GatewayServices].config
    routed = ProtocolTypeRouter(
        {
            "http": _django,
            "websocket": AuthMiddlewareStack(sockets_of(services)),
        }
    )

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        scope = placed(behind_proxy(scope, config.trusted_proxies), config.root_path)
        await routed({**scope, "state": services}, receive, send)

    return application


class SelfStartingApplication:
    """For servers other than `manage.py serve`: the first connection starts the engines."""

    def __init__(self) -> None:
        self._process: ServerProcess | None = None
        self._started: asyncio.Future[Any] | None = None
        self._using = contextlib.ExitStack()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        try:
            application = await self._running()
        except VoiceError as error:
            log.error("engines did not start", reason=error.message)
            await _refuse(scope, receive, send, error)
            return
        await application(scope, receive, send)

    async def _running(self) -> Any:
        if self._started is None:
            self._started = asyncio.ensure_future(self._start())
        try:
            return await asyncio.shield(self._started)
        except VoiceError:
            self._started = None
            raise

    async def _start(self) -> Any:
        try:
            self._using.enter_context(using_data_folder(settings.VOICE.config))
        except FolderInUse as error:
            raise EngineFailed(str(error)) from error
        process = build_services(settings.VOICE)
        try:
            await process.start()
        except BaseException:
            await process.stop()
            self._using.close()
            raise
        self._process = process
        return build_application(process.services)

    async def _live(self, receive: Any, send: Any) -> None:
        """Servers with lifespan support start and stop the engines in time."""
        while True:
            event = (await receive())["type"]
            try:
                if event == "lifespan.startup":
                    await self._running()
                elif self._process is not None:
                    await self._process.stop()
                    self._using.close()
            except VoiceError as error:
                await send({"type": f"{event}.failed", "message": error.message})
                return
            await send({"type": f"{event}.complete"})
            if event == "lifespan.shutdown":
                return


async def _refuse(
    scope: dict[str, Any], receive: Any, send: Any, error: VoiceError
) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": json.dumps(error.event())})
        await send({"type": "websocket.close", "code": error.close_code})
        return
    headers = [(b"content-type", b"application/json")]
    status = error.http_status
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send(
        {"type": "http.response.body", "body": json.dumps(error.body()).encode()}
    )


application = SelfStartingApplication()
