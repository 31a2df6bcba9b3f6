"""Which pages may send requests from a browser."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.http.request import split_domain_port, validate_host

from common.config import Config
from common.errors import Forbidden
from gateway_app.access.proxies import header

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def check_origin(scope: dict[str, Any], config: Config) -> None:
    """Refuse a browser's request from a page of another site. Raises Forbidden.

    Programs send no Origin; API keys protect against them.
    """
    origin = header(scope, b"origin")
    if not origin:
        return
    given = _parts(origin)
    host = header(scope, b"host")
    allowed = [_parts(entry) for entry in config.cors_allowed_origins]
    # A foreign name that resolves to this machine is both origin and host, but not
    # ours.
    if validate_host(split_domain_port(host)[0], config.allowed_hosts):
        allowed.append(_parts(f"{scope.get('scheme', 'http')}://{host}"))
    if given is None or given not in allowed:
        raise Forbidden(
            f"Pages of {_printable(origin)} may not use this server; "
            "`cors_allowed_origins` (or `allowed_hosts`, for its own) can allow them."
        )


def is_one_of(origin: str, allowed: Sequence[str]) -> bool:
    """Whether this is one of the allowed origins, however they are written."""
    given = _parts(origin)
    return given is not None and given in [_parts(entry) for entry in allowed]


def is_origin(text: str) -> bool:
    """Whether it has the form `https://app.example`, with no path."""
    return _parts(text) is not None and text.rstrip("/").count("/") == 2


def _parts(origin: str) -> tuple[bool, str, int] | None:
    """Whether it is encrypted, host and port; None if it is not an origin."""
    try:
        parts = urlsplit(origin)
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    if not parts.hostname:
        return None
    return parts.scheme in ("https", "wss"), parts.hostname, port


def _printable(text: str) -> str:
    return re.sub(r"[^\x21-\x7e]", "?", text)[:100]
