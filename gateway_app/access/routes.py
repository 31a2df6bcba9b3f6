"""What a route asks of a caller, and how long and how large a request to it may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from common.config import Config
from gateway_app.access.principals import Scope

READING = ("GET", "HEAD", "OPTIONS")
SOCKET = ("WS",)
"""In place of a method: a WebSocket."""
METHODS_WITH_BODY = ("POST", "PUT", "PATCH")
METHODS = (*READING, *METHODS_WITH_BODY, "DELETE")


class Opening(Enum):
    """Who may use a route that needs no scope."""

    PUBLIC = "everybody"
    """Nobody is authenticated here, whatever the configuration says."""
    STAFF = "staff with a password"
    """Here neither: the admin authenticates by itself."""
    LIST = "everybody while `public_lists` is on, otherwise every caller with a key"
    CALLER = "every caller with a key or a session"
    REALTIME = "scope `chat` for a conversation, scope `stt` for transcription"
    """The query decides, so the endpoint checks the scope itself."""


class Body(Enum):
    """What a route takes."""

    NOTHING = "none"
    FIELDS = "a JSON object or a form"
    UPLOAD = "a part of an upload"
    RECORDING = "a recording"
    """A file of audio, or a form or a JSON object with audio in it."""


class Deadline(Enum):
    """What bounds the time until the response begins."""

    PAGE = "`page_timeout_seconds`"
    SPEECH = "`tts_request_timeout`"
    """Kept by the speech service, which includes the wait for a slot."""
    RECORDING = "`recording_timeout_seconds`"
    NONE = "none"
    """Sockets have time limits of their own; exports of the admin take as long as they
    must."""


@dataclass(frozen=True)
class Route:
    """One row. A path with a trailing slash covers everything below it."""

    path: str
    needs: Scope | Opening
    methods: tuple[str, ...] = READING
    body: Body = Body.NOTHING
    deadline: Deadline = Deadline.PAGE
    takes_token: bool = False
    """Whether a web page's short-lived token is good for it; for WebSockets it always
    is."""

    @property
    def skips_access(self) -> bool:
        """Whether the access control authenticates nobody here."""
        return self.needs in (Opening.PUBLIC, Opening.STAFF)

    def covers(self, path: str) -> bool:
        return path == self.path or (
            self.path.endswith("/") and path.startswith(self.path) and self.path != "/"
        )


NO_ROUTE = Route("", Opening.CALLER)
"""For an address that no row covers: there is nothing to use at it."""

ADMIN_ROUTE = Route("/admin/", Opening.STAFF, deadline=Deadline.NONE)
"""For a request to the admin that did not come through the application."""


class Routes:
    """The table. The first row that covers the path and the method applies; a method
    that no row has gets the scope of the path, and no body."""

    def __init__(self, rows: Iterable[Route] = ()) -> None:
        self.rows: Sequence[Route] = tuple(rows)

    def of(self, method: str, path: str) -> Route:
        """The row of a request, or NO_ROUTE."""
        covering = [row for row in self.rows if row.covers(path)]
        for row in covering:
            if method in row.methods:
                return row
        for row in covering:
            if row.methods != SOCKET and method not in SOCKET:
                return Route(row.path, row.needs, (method,))
        return NO_ROUTE

    def of_socket(self, path: str) -> Route:
        """The row of a WebSocket, or NO_ROUTE."""
        return self.of(SOCKET[0], path)


NO_ROUTES = Routes()


def lists_are_public(config: Config) -> bool:
    """The setting `public_lists`; when it is empty, yes except in production."""
    if config.public_lists is None:
        return not config.is_production
    return config.public_lists


def needs_key(route: Route, method: str, config: Config) -> bool:
    """Whether a caller without a key is refused. A wrong key is always refused: clients
    check their key by reading a list."""
    is_public = (
        route.needs is Opening.LIST and method in READING and lists_are_public(config)
    )
    return not is_public
