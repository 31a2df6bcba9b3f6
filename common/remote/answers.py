"""Reading what another server answered: bounded bodies, and the errors in them."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from common.remote.failures import (
    AskFailed,
    Garbled,
    Refused,
    ServerBroke,
    Stalled,
    Throttled,
)

_ERROR_BODY_BYTES = 64_000
_MESSAGE_CHARACTERS = 300
_USUAL_RETRY_SECONDS = 1.0
_LONGEST_RETRY_SECONDS = 3600.0
_REFUSED_KEY = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
_OVERLOADED = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)
_BROKE = (httpx.codes.INTERNAL_SERVER_ERROR, httpx.codes.BAD_GATEWAY)


@dataclass(frozen=True)
class ErrorBody:
    """What an error's body says; empty where it says nothing."""

    message: str = ""
    parameter: str = ""
    """The parameter that was refused."""


def read_error(body: bytes) -> ErrorBody:
    """The error of an OpenAI-compatible server, of Ollama, or of FastAPI."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return ErrorBody()
    if not isinstance(value, dict):
        return ErrorBody()
    error = value.get("error", value.get("detail", value.get("message", "")))
    if isinstance(error, list):
        error = error[0] if error else ""
    if not isinstance(error, dict):
        return ErrorBody(str(error)[:_MESSAGE_CHARACTERS])
    message = error.get("message") or error.get("msg") or ""
    parameter = error.get("param") or error.get("field") or _last(error.get("loc"))
    return ErrorBody(str(message)[:_MESSAGE_CHARACTERS], str(parameter or ""))


def _last(location: Any) -> Any:
    """FastAPI writes `["body", "voice"]`."""
    return location[-1] if isinstance(location, list) and location else ""


async def check_answer(response: httpx.Response) -> None:
    """Raises AskFailed unless the status is 200 and the body is not compressed."""
    if response.status_code != httpx.codes.OK:
        raise await failure_of(response)
    encoding = response.headers.get("content-encoding", "identity")
    if encoding != "identity":
        # It was asked for none; unpacking would defeat the limits.
        raise Garbled(f"sent a body in the encoding {encoding[:20]!r}")


async def failure_of(response: httpx.Response) -> AskFailed:
    """What a status other than 200 means."""
    status = response.status_code
    error = read_error(await _read_start(response, _ERROR_BODY_BYTES))
    answer = f"{status}: {error.message}" if error.message else str(status)
    if status in _OVERLOADED:
        seconds = retry_after_seconds(response.headers.get("retry-after"))
        return Throttled(f"is overloaded ({answer})", retry_after_seconds=seconds)
    if status in _BROKE:
        return ServerBroke(f"answered {answer}")
    if status == httpx.codes.GATEWAY_TIMEOUT:
        return Stalled(f"answered {answer}")
    if status in _REFUSED_KEY:
        return Refused(f"refused the key in `key` ({answer})")
    if response.has_redirect_location:
        return Refused(f"answered {status}: `url` must be the address it redirects to")
    if status == httpx.codes.NOT_FOUND and not error.message:
        return Refused("does not know the address (404); check `url`")
    return Refused(f"refused the request ({answer})", parameter=error.parameter)


def retry_after_seconds(header: str | None, now: float | None = None) -> float:
    """The seconds that `Retry-After` names, as a number or a date; at most an hour.

    `now` is in seconds since the epoch.
    """
    try:
        seconds = float(header or _USUAL_RETRY_SECONDS)
    except ValueError:
        seconds = _seconds_until(header or "", time.time() if now is None else now)
    if not seconds >= 0:
        return _USUAL_RETRY_SECONDS
    return min(seconds, _LONGEST_RETRY_SECONDS)


def _seconds_until(date: str, now: float) -> float:
    try:
        return max(0.0, parsedate_to_datetime(date).timestamp() - now)
    except ValueError:
        return _USUAL_RETRY_SECONDS


async def read_json(response: httpx.Response, limit_kb: int) -> Any:
    """The body, parsed. Raises Garbled for a longer one, and for what is no JSON."""
    body = await _read_start(response, limit_kb * 1024)
    if len(body) > limit_kb * 1024:
        raise Garbled(f"sent more than {limit_kb} KB (`max_response_kb`)")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        kind = response.headers.get("content-type", "something")[:60]
        raise Garbled(f"sent {kind} that is not valid JSON") from error


async def _read_start(response: httpx.Response, limit_bytes: int) -> bytes:
    """The body, up to the chunk that exceeds the limit."""
    body = bytearray()
    chunks: AsyncIterator[bytes] = response.aiter_raw()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit_bytes:
            break
    return bytes(body)
