"""One request to a language model's server, and what comes back."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator

import anyio
import httpx

from llm.resilience.failures import (
    AskFailed,
    CutOff,
    Garbled,
    ServerBroke,
    from_httpx,
)
from llm.servers.dialect import Delta, Dialect, Question, error_text, lines

_ERROR_BODY_BYTES = 64_000
_DRAIN_SECONDS = 0.5


async def asked(
    client: httpx.AsyncClient, dialect: Dialect, question: Question
) -> AsyncGenerator[Delta, None]:
    """The answer's steps as the server sends them. Raises AskFailed."""
    request = client.stream(
        "POST",
        dialect.chat_url,
        json=dialect.payload(question),
        headers=dialect.headers,
    )
    try:
        async with request as response:
            if response.status_code != httpx.codes.OK:
                raise await _failure(response, dialect, question)
            body = lines(response)
            async for line in body:
                delta = dialect.delta(line)
                if delta is None:
                    continue
                yield delta
                if delta.done:
                    await _drain(body)
                    return
    except httpx.HTTPError as error:
        raise from_httpx(error) from error
    raise CutOff("ended the answer before it was complete")


async def _failure(
    response: httpx.Response, dialect: Dialect, question: Question
) -> AskFailed:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _ERROR_BODY_BYTES:
            break
    status, message = response.status_code, error_text(body)
    if status >= 500:
        said = f": {message}" if message else ""
        return ServerBroke(f"answered {status}{said}")
    if status >= 400:
        return dialect.refusal(status, message, question)
    return Garbled(f"answered {status} in place of an answer")


async def _drain(body: AsyncIterator[bytes]) -> None:
    """Read to the end of the body, so that its connection can be used again."""
    with anyio.move_on_after(_DRAIN_SECONDS):
        async for _ in body:
            pass
