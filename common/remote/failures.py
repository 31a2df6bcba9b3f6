"""How one try to ask another server can fail, and what each failure means."""

from __future__ import annotations

import httpx

from common.reasons import reason_of


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


RETRYABLE = (Unreachable, ServerBroke, CutOff)
"""Asking again may help, as long as nothing of the answer was given out."""


def from_httpx(error: httpx.HTTPError) -> AskFailed:
    """What an error of the HTTP client means."""
    if isinstance(error, httpx.PoolTimeout):
        return Busy("has all its connections in use")
    if isinstance(error, httpx.ConnectTimeout):
        return Unreachable("did not accept a connection in time")
    if isinstance(error, httpx.ConnectError):
        return Unreachable(f"cannot be reached ({reason_of(error)})")
    if isinstance(error, httpx.TimeoutException):
        return Stalled("stopped answering")
    if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
        return Unreachable("closed the connection")
    return Garbled(f"cannot be understood ({reason_of(error)})")
