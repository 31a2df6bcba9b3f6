"""Connects to `/ws/voice`, and describes its failures."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
)
from websockets.typing import Subprotocol

PATH = "/ws/voice"
PROTOCOL = Subprotocol("voice.v1")
OPEN_SECONDS = 20.0
CLOSE_SECONDS = 2.0
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_CLOSINGS = {
    4401: "This server needs a key: use --key or EARLARK_KEY.",
    4403: "The key may not hold conversations: it needs the scope `chat`.",
    4404: "This server holds no conversations: that takes speech to text and text to speech in one process.",
}


class NoServer(Exception):
    """Nothing answers at the address."""


class Refused(Exception):
    """The server refuses the conversation, or has ended it."""


def socket_url(address: str) -> str:
    """The address of `/ws/voice` on a server. Raises ValueError if it is none.

    The server is `host:port` or an address with http, https, ws or wss; a path is that
    below which the server lies.
    """
    wrong = f"{address!r} is no address; use one such as http://host:8000"
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        (parts.hostname or "").encode("idna")
        is_address = parts.scheme in _SCHEMES and parts.hostname and parts.port != 0
    except ValueError as error:  # the port, or a name that no host can have
        raise ValueError(wrong) from error
    if not is_address:
        raise ValueError(wrong)
    path = parts.path.rstrip("/").removesuffix(PATH)
    return urlunsplit((_SCHEMES[parts.scheme], parts.netloc, path + PATH, "", ""))


async def connected(url: str, key: str = "") -> ClientConnection:
    """A connection to that address. Raises NoServer and Refused."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        return await connect(
            url,
            subprotocols=[PROTOCOL],
            additional_headers=headers,
            compression=None,
            open_timeout=OPEN_SECONDS,
            close_timeout=CLOSE_SECONDS,
            proxy=None if _is_this_machine(url) else True,
        )
    except InvalidStatus as error:
        code = error.response.status_code
        raise Refused(_CLOSINGS.get(4000 + code, f"{url} answers {code}.")) from error
    except (InvalidHandshake, InvalidURI) as error:
        raise Refused(f"{url} does not answer as a voice server: {error}") from error
    except (OSError, EOFError) as error:
        raise NoServer(str(error)) from error


def why_closed(closed: ConnectionClosed, said: str) -> str:
    """Why a connection has ended, in words; `said` is the server's last error."""
    code = closed.rcvd.code if closed.rcvd else None
    return said or _CLOSINGS.get(code or 0) or "The connection was lost."


def _is_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
