"""Addresses of other servers, as people write them in the configuration."""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from common.errors import EngineFailed


def server_root(address: str, setting_name: str, endings: Sequence[str]) -> httpx.URL:
    """The server's root, whichever of its `endings` the address has.

    Raises EngineFailed, naming the setting.
    """
    try:
        url = httpx.URL(address.strip())
    except httpx.InvalidURL as error:
        raise EngineFailed(f"`{setting_name}` is not an address: {error}.") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise EngineFailed(
            f"`{setting_name}` must be an address like http://127.0.0.1:11434, "
            f"not {address!r}."
        )
    path = url.path.rstrip("/")
    for ending in endings:
        path = path.removesuffix(ending)
    return url.copy_with(path=path.rstrip("/") or "/", query=None, fragment=None)


def openai_root(address: str, setting_name: str, endings: Sequence[str]) -> httpx.URL:
    """The root of an OpenAI-compatible API: `/v1` when the address has no path.

    Raises EngineFailed, naming the setting.
    """
    url = server_root(address, setting_name, endings)
    return url.copy_with(path="/v1") if url.path == "/" else url


def join_path(url: httpx.URL, path: str) -> httpx.URL:
    """The address of `path` under the server's root."""
    return url.copy_with(path=url.path.rstrip("/") + path)


def without_password(url: httpx.URL) -> str:
    return str(url.copy_with(userinfo=b"")).rstrip("/")
