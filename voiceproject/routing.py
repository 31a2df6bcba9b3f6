"""Which consumer answers which WebSocket address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import URLPattern, path, re_path

from gateway_app.monitor.consumers import MonitorConsumer
from gateway_app.sockets.consumers import UnknownSocket
from stt_app.consumers import SttConsumer


def websocket_urls(services: Mapping[str, Any]) -> list[URLPattern]:
    """The routes of this process; `serve --split` leaves out what it does not run."""
    routes = [path("ws/monitor", MonitorConsumer.as_asgi())]
    if "stt" in services:
        routes.append(path("ws/stt", SttConsumer.as_asgi()))
    # Without a last route Channels would log a traceback for every stranger.
    return [*routes, re_path("", UnknownSocket.as_asgi())]
