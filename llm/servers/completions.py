"""One request to a language model's server, and what comes back."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator

import anyio
import httpx

from common.remote.answers import read_error
from common.remote.failures import AskFailed, CutOff, Garbled, ServerBroke, from_httpx
from llm.engine import TokenUsage
from llm.servers.dialect import (
    CompletionDelta,
    CompletionRequest,
    Dialect,
    read_lines,
)

_ERROR_BODY_BYTES = 64_000
_DRAIN_SECONDS = 0.5


async def stream_completion(
    client: httpx.AsyncClient, dialect: Dialect, request: CompletionRequest
) -> AsyncGenerator[CompletionDelta, None]:
    """The answer's steps as the server sends them. Raises AskFailed."""
    stream = client.stream(
        "POST",
        dialect.chat_url,
        json=dialect.payload(request),
        headers=dialect.headers,
    )
    try:
        async with stream as response:
            if response.status_code != httpx.codes.OK:
                raise await _failure(response, dialect, request)
            body = read_lines(response)
            async for line in body:
                delta = dialect.parse_delta(line)
                if delta is None:
                    continue
                yield delta
                if delta.finish is not None:
                    if usage := await _late_usage(body, dialect):
                        yield CompletionDelta(usage=usage)
                    return
    except httpx.HTTPError as error:
        raise from_httpx(error) from error
    raise CutOff("ended the answer before it was complete")


async def _failure(
    response: httpx.Response, dialect: Dialect, request: CompletionRequest
) -> AskFailed:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _ERROR_BODY_BYTES:
            break
    status, message = response.status_code, read_error(body).message
    if status >= 500:
        said = f": {message}" if message else ""
        return ServerBroke(f"answered {status}{said}")
    if status >= 400:
        return dialect.refusal(status, message, request)
    return Garbled(f"answered {status} in place of an answer")


async def _late_usage(
    body: AsyncIterator[bytes], dialect: Dialect
) -> TokenUsage | None:
    """What the server says of tokens after the answer's end.

    Reads to the end of the body, so that its connection can be used again. An error
    after the end of the answer is ignored.
    """
    usage = None
    with (
        contextlib.suppress(AskFailed, httpx.HTTPError),
        anyio.move_on_after(_DRAIN_SECONDS),
    ):
        async for line in body:
            delta = dialect.parse_delta(line)
            usage = delta.usage if delta and delta.usage else usage
    return usage
