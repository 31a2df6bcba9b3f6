"""Which consumer answers which WebSocket address."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path

from common.services import Services
from compat_app.realtime.consumers import RealtimeConsumer
from gateway_app.consumers import MonitorConsumer, UnknownSocket
from stt_app.consumers import SttConsumer
from stt_app.services import ListeningServices


def websocket_urls(services: Services) -> list[URLPattern]:
    """The routes of this process; `serve --split` leaves out what it does not run."""
    routes = [path("ws/monitor", MonitorConsumer.as_asgi())]
    if services.get(ListeningServices) is not None:
        routes.append(path("ws/stt", SttConsumer.as_asgi()))
        routes.append(path("v1/realtime", RealtimeConsumer.as_asgi()))
    # Without a last route Channels would log a traceback for every unknown path.
    return [*routes, re_path("", UnknownSocket.as_asgi())]
