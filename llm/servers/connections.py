"""HTTP connections that are kept open between requests."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

import httpx

from common.config.llm import LlmSettings
from common.remote.certificates import trusted_certificates

CHECK_SECONDS = 2.0
MAX_CONNECTIONS = 32
_POOL_SECONDS = 1.0
_WRITE_SECONDS = 5.0


class Connections:
    """One httpx client per event loop: a socket belongs to its loop."""

    def __init__(self, settings: LlmSettings) -> None:
        self._timeout = httpx.Timeout(
            connect=settings.llm_connect_seconds,
            # Whoever reads an answer has shorter limits.
            read=max(settings.ollama_timeout, settings.llm_token_gap_seconds),
            write=_WRITE_SECONDS,
            pool=_POOL_SECONDS,
        )
        self._clients: WeakKeyDictionary[
            asyncio.AbstractEventLoop, httpx.AsyncClient
        ] = WeakKeyDictionary()

    @property
    def client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            client = self._clients[loop] = self._new_client()
        return client

    async def close(self) -> None:
        client = self._clients.pop(asyncio.get_running_loop(), None)
        self._clients.clear()
        if client is not None:
            await client.aclose()

    def _new_client(self) -> httpx.AsyncClient:
        limits = httpx.Limits(
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=8,
            keepalive_expiry=60,
        )
        # No proxy or .netrc of the environment may see what people say; compressed
        # bodies would arrive in blocks instead of token by token.
        return httpx.AsyncClient(
            timeout=self._timeout,
            limits=limits,
            trust_env=False,
            verify=trusted_certificates(),
            headers={"Accept-Encoding": "identity"},
        )
