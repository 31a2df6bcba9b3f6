"""Which consumer answers which WebSocket address."""

from __future__ import annotations

from typing import Any

from channels.routing import URLRouter
from django.urls import URLPattern, path, re_path

from chat_app.consumers import VoiceConversationConsumer
from chat_app.services import ConversationServices
from common.services import Services
from compat_app.deepgram.flux.consumer import FluxConsumer
from compat_app.deepgram.listen.consumer import ListenConsumer
from compat_app.deepgram.speak.consumer import SpeakConsumer
from compat_app.realtime.consumers import RealtimeConsumer
from compat_app.realtime.live.consumers import LiveConsumer
from gateway_app.access.root_path import below
from gateway_app.access.routes import NO_ROUTE
from gateway_app.consumers import MonitorConsumer, UnknownSocket
from gateway_app.services import GatewayServices
from stt_app.consumers import SttConsumer
from stt_app.services import ListeningServices
from tts_app.services import SpeechServices
from voiceproject.routes.table import ROUTES


def sockets_of(services: Services) -> Any:
    """The ASGI application of all WebSockets."""
    known, unknown = URLRouter(websocket_urls(services)), UnknownSocket.as_asgi()
    root_path = services[GatewayServices].config.root_path

    async def route(scope: dict[str, Any], receive: Any, send: Any) -> None:
        # Channels skips further slashes at the front of a path; the table of routes does
        # not. Whatever Channels makes of a path, one without a row reaches no consumer.
        row = ROUTES.of_socket(below(scope["path"], root_path))
        await (unknown if row is NO_ROUTE else known)(scope, receive, send)

    return route


def websocket_urls(services: Services) -> list[URLPattern]:
    """The routes of this process; `serve --split` leaves out what it does not run."""
    routes = [path("ws/monitor", MonitorConsumer.as_asgi())]
    listens = services.get(ListeningServices) is not None
    if listens:
        routes.append(path("ws/stt", SttConsumer.as_asgi()))
        routes.append(path("v1/realtime", RealtimeConsumer.as_asgi()))
    if services.get(ConversationServices) is not None:
        routes.append(path("ws/voice", VoiceConversationConsumer.as_asgi()))
        routes.append(path("v1/live/sessions", LiveConsumer.as_asgi()))
    if services[GatewayServices].config.deepgram_api:
        routes += _deepgram(listens, services.get(SpeechServices) is not None)
    # Without a last route Channels would log a traceback for every unknown path.
    return [*routes, re_path("", UnknownSocket.as_asgi())]


def _deepgram(listens: bool, speaks: bool) -> list[URLPattern]:
    listening = [
        path("v1/listen", ListenConsumer.as_asgi()),
        path("v2/listen", FluxConsumer.as_asgi()),
    ]
    speaking = [path("v1/speak", SpeakConsumer.as_asgi())]
    return [*(listening if listens else []), *(speaking if speaks else [])]
