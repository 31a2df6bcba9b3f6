"""How one try to ask another server can fail, and what each failure means."""

from __future__ import annotations

import re

import httpx


class AskFailed(Exception):
    """One try failed. `what` completes the sentence "Ollama at ADDRESS ..."."""

    counts = True
    """Whether it is the server's fault, so that the circuit breaker counts it."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Unreachable(AskFailed):
    """No connection could be made, or it broke before the answer began."""


class ServerBroke(AskFailed):
    """The server answered with a 5xx, or with an error in place of the answer."""


class Refused(AskFailed):
    """The server works and refuses this request: asking again cannot help."""

    counts = False

    def __init__(self, what: str, *, parameter: str = "") -> None:
        super().__init__(what)
        self.parameter = parameter
        """The parameter of the request that the server refused, if it said so."""


class Throttled(AskFailed):
    """The server is overloaded, or limits this client."""

    counts = False

    def __init__(self, what: str, *, retry_after_seconds: float) -> None:
        super().__init__(what)
        self.retry_after_seconds = retry_after_seconds


class Busy(AskFailed):
    """All our connections to the server are in use."""

    counts = False


class Stalled(AskFailed):
    """The server accepted the request and then gave nothing for too long."""


class Garbled(AskFailed):
    """The answer is not what such a server sends."""


class CutOff(AskFailed):
    """The answer stopped before it was complete."""


_NUMBER = re.compile(r"^\[Errno -?\d+\] ")
_PLAIN_REASONS = {
    # The HTTP client tried every address of the name.
    "All connection attempts failed": "nothing listens there",
    "Name or service not known": "unknown host name",
    "nodename nor servname provided, or not known": "unknown host name",
    "getaddrinfo failed": "unknown host name",
    "Temporary failure in name resolution": "the host name cannot be looked up",
}
"""What libraries and operating systems say, and what it means."""

RETRYABLE = (Unreachable, ServerBroke, CutOff)
"""Asking again may help, as long as nothing of the answer was given out."""


def from_httpx(error: httpx.HTTPError) -> AskFailed:
    """What an error of the HTTP client means."""
    if isinstance(error, httpx.PoolTimeout):
        return Busy("has all its connections in use")
    if isinstance(error, httpx.ConnectTimeout):
        return Unreachable("did not accept a connection in time")
    if isinstance(error, httpx.ConnectError):
        return Unreachable(f"cannot be reached ({_reason(error)})")
    if isinstance(error, httpx.TimeoutException):
        return Stalled("stopped answering")
    if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
        return Unreachable("closed the connection")
    return Garbled(f"cannot be understood ({_reason(error)})")


def _reason(error: httpx.HTTPError) -> str:
    reason = _NUMBER.sub("", str(error))
    return _PLAIN_REASONS.get(reason, reason) or type(error).__name__
