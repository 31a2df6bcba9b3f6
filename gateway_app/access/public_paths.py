"""Which addresses need no API key: one table.

A path with a trailing slash covers everything below it.
"""

from __future__ import annotations

from common.config import Config

WITHOUT_KEY = (
    "/admin/",
    "/static/",
    "/i18n/",
    "/favicon.ico",
    "/manifest.webmanifest",
    "/health/live",
)
"""The admin asks for a password itself. Liveness probes have no key, and browsers fetch a
manifest without cookies."""
LISTS = ("/v1/models", "/v1/models/", "/v1/audio/models", "/v1/audio/voices")
"""Readable without a key while `public_lists` is on: Open WebUI sends none here."""
READING = ("GET", "HEAD", "OPTIONS")


def skips_access(path: str) -> bool:
    """Whether nobody is authenticated here, whatever the configuration says."""
    return _covers(WITHOUT_KEY, path)


def is_public_list(method: str, path: str, config: Config) -> bool:
    """Whether a request without a key may read this list. A wrong key stays wrong:
    clients check their key by reading a list."""
    return lists_are_public(config) and method in READING and _covers(LISTS, path)


def lists_are_public(config: Config) -> bool:
    """The setting `public_lists`; when it is empty, yes except in production."""
    if config.public_lists is None:
        return not config.is_production
    return config.public_lists


def _covers(rows: tuple[str, ...], path: str) -> bool:
    return any(
        path == row or (row.endswith("/") and path.startswith(row)) for row in rows
    )
