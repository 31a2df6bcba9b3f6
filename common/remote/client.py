"""The HTTP connections of an engine at another server."""

from __future__ import annotations

import asyncio
import functools
import ssl
from dataclasses import dataclass
from pathlib import Path

import httpx

from common.errors import EngineFailed
from common.remote.certificates import trusted_certificates
from common.remote.options import RemoteOptions

POOL_SECONDS = 1.0
"""The longest wait for a connection while all are in use."""
_KEPT_OPEN_SECONDS = 30.0


@dataclass(frozen=True)
class Clients:
    """Two clients with the same settings."""

    usual: httpx.AsyncClient
    """Keeps its connections open between requests."""
    fresh: httpx.AsyncClient
    """Makes a new connection for each request: for another try, when the old ones may
    all be dead."""

    async def close(self) -> None:
        await asyncio.gather(self.usual.aclose(), self.fresh.aclose())


async def open_clients(options: RemoteOptions) -> Clients:
    """Raises EngineFailed when `ca_file` cannot be read."""
    # Reading all certificates of the system takes a while.
    context = await asyncio.to_thread(_ssl_context, options.ca_file)
    return Clients(
        _client(options, context, keeps_open=options.max_connections),
        _client(options, context, keeps_open=0),
    )


def _client(
    options: RemoteOptions, context: ssl.SSLContext, *, keeps_open: int
) -> httpx.AsyncClient:
    timeout = httpx.Timeout(
        options.timeout_seconds,
        connect=options.connect_timeout_seconds,
        pool=POOL_SECONDS,
    )
    limits = httpx.Limits(
        max_connections=options.max_connections,
        max_keepalive_connections=keeps_open,
        keepalive_expiry=_KEPT_OPEN_SECONDS,
    )
    # A compressed body would come in blocks, and could grow beyond every limit.
    headers = {"Accept-Encoding": "identity"}
    if options.key:
        headers["Authorization"] = f"Bearer {options.key}"
    return httpx.AsyncClient(
        timeout=timeout,
        limits=limits,
        verify=context,
        trust_env=options.use_proxy,
        headers=headers,
    )


@functools.cache
def _ssl_context(ca_file: str) -> ssl.SSLContext:
    """Shared by all engines, because it takes memory and time."""
    if not ca_file:
        return trusted_certificates()
    try:
        return ssl.create_default_context(cafile=str(Path(ca_file).expanduser()))
    except (OSError, ssl.SSLError) as error:
        raise EngineFailed(
            f"`ca_file` {ca_file} holds no certificates: {error}."
        ) from error
