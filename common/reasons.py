"""Why a connection failed, in words for people instead of the system's numbers."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator

_CODE = re.compile(r"\[(?:Errno|SSL)[^\]]*\]\s*")


def reason_of(error: BaseException) -> str:
    """Such as "nothing is listening there", from the error or from what caused it."""
    for cause in _chain(error):
        if isinstance(cause, socket.gaierror):
            return "its name cannot be resolved"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "its certificate is not valid"
        if isinstance(cause, ConnectionRefusedError):
            return "nothing is listening there"
        if isinstance(cause, ConnectionResetError):
            return "it closed the connection"
    for cause in _chain(error):
        if isinstance(cause, OSError) and cause.strerror:
            return _CODE.sub("", cause.strerror)
    return _CODE.sub("", str(error)) or type(error).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and its causes; of several attempts, those of each."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
        waiting += [e for e in (current.__cause__, current.__context__) if e]
