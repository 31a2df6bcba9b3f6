"""Every route with what it needs: one table for HTTP and WebSockets.

The access control, the body limits and docs/routes.md are made from it.
"""

from __future__ import annotations

from gateway_app.access.principals import Scope
from gateway_app.access.routes import (
    METHODS,
    SOCKET,
    Body,
    Deadline,
    Opening,
    Route,
    Routes,
)

POST = ("POST",)
DELETE = ("DELETE",)

ROUTES = Routes(
    [
        Route(
            "/admin/tts_app/voice/upload/part/",
            Opening.STAFF,
            POST,
            Body.UPLOAD,
            Deadline.NONE,
        ),
        Route("/admin/", Opening.STAFF, METHODS, Body.FIELDS, Deadline.NONE),
        # Probes have no key, and browsers fetch a manifest without cookies.
        Route("/static/", Opening.PUBLIC),
        Route("/i18n/", Opening.PUBLIC),
        Route("/favicon.ico", Opening.PUBLIC),
        Route("/manifest.webmanifest", Opening.PUBLIC),
        Route("/health/live", Opening.PUBLIC),
        Route("/health/ready", Opening.PUBLIC),
        # Pages.
        Route("/", Opening.CALLER),
        Route("/speak/", Scope.SPEAK),
        Route("/voices/gallery/", Scope.SPEAK),
        Route("/listen/", Scope.LISTEN),
        Route("/talk/", Scope.CHAT),
        Route("/monitor/", Scope.MONITOR),
        Route("/configuration/", Scope.MONITOR),
        Route("/api/", Opening.CALLER),
        # Operation.
        Route("/health", Opening.CALLER),
        Route("/metrics", Scope.MONITOR),
        Route("/usage", Opening.CALLER),
        Route("/ws/monitor", Scope.MONITOR, SOCKET, deadline=Deadline.NONE),
        Route("/api/token", Opening.CALLER, POST, Body.FIELDS),
        # Speech to text.
        Route("/ws/stt", Scope.LISTEN, SOCKET, deadline=Deadline.NONE),
        Route("/v1/realtime", Opening.REALTIME, SOCKET, deadline=Deadline.NONE),
        Route("/v1/realtime/client_secrets", Opening.REALTIME, POST, Body.FIELDS),
        Route("/v1/listen", Scope.LISTEN, SOCKET, deadline=Deadline.NONE),
        Route("/v2/listen", Scope.LISTEN, SOCKET, deadline=Deadline.NONE),
        Route("/v1/listen", Scope.LISTEN, POST, Body.RECORDING, Deadline.RECORDING),
        Route(
            "/v1/audio/transcriptions",
            Scope.LISTEN,
            POST,
            Body.RECORDING,
            Deadline.RECORDING,
        ),
        Route(
            "/v1/audio/translations",
            Scope.LISTEN,
            POST,
            Body.RECORDING,
            Deadline.RECORDING,
        ),
        # Conversation.
        Route("/ws/voice", Scope.CHAT, SOCKET, deadline=Deadline.NONE),
        Route("/v1/live/sessions", Scope.CHAT, SOCKET, deadline=Deadline.NONE),
        # Text to speech.
        Route("/tts", Scope.SPEAK, POST, Body.FIELDS, Deadline.SPEECH),
        Route("/tts/conversations/", Scope.SPEAK, DELETE),
        Route("/voices", Scope.SPEAK),
        Route("/v1/audio/speech", Scope.SPEAK, POST, Body.FIELDS, Deadline.SPEECH),
        Route("/v1/speak", Scope.SPEAK, POST, Body.FIELDS, Deadline.SPEECH),
        Route("/v1/speak", Scope.SPEAK, SOCKET, deadline=Deadline.NONE),
        # Open WebUI reads these without a key.
        Route("/v1/models", Opening.LIST),
        Route("/v1/models/", Opening.LIST),
        Route("/v1/audio/models", Opening.LIST),
        Route("/v1/audio/voices", Opening.LIST),
        # A client of these protocols that asks for more than we have reads why.
        Route("/v1/", Opening.CALLER, POST, Body.FIELDS),
    ]
)
