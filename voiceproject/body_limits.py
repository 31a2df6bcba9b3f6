"""How large a request's body may be: one table for every route."""

from __future__ import annotations

from enum import Enum
from urllib.parse import unquote

from common.config import Config
from common.config.server import LARGEST_JSON_KB
from gateway_app.access.root_path import below

KILOBYTE = 1_024
MEGABYTE = 1_000_000
NOTHING_BYTES = KILOBYTE
"""For routes without a body; some clients send an empty object anyway."""
ESCAPED_CHARACTER_BYTES = 12
r"""The longest way to write a character in JSON: `\ud83d\ude00`."""
LONG_FIELDS = 2
"""`text` and `system_prompt`."""
OTHER_FIELDS_BYTES = 16 * KILOBYTE

METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class Body(Enum):
    """What a route takes."""

    NOTHING = "nothing"
    FIELDS = "fields"
    """A JSON object, or a form."""
    UPLOAD = "upload"
    RECORDING = "recording"
    """A file of audio, or a form or a JSON object with audio in it."""


TABLE: tuple[tuple[str, Body], ...] = (
    ("/tts", Body.FIELDS),
    ("/api/token", Body.FIELDS),
    ("/admin/tts_app/voice/upload/part/", Body.UPLOAD),
    ("/admin/", Body.FIELDS),
    ("/v1/audio/transcriptions", Body.RECORDING),
    ("/v1/audio/translations", Body.RECORDING),
    ("/v1/listen", Body.RECORDING),
    ("/v1/", Body.FIELDS),
)
"""The first matching row applies. A path with a trailing slash covers everything below
it."""


def body_of(method: str, path: str) -> Body:
    """The limit for this path; no body is allowed if no row matches."""
    if method not in METHODS_WITH_BODY:
        return Body.NOTHING
    for row, body in TABLE:
        if path == row or (row.endswith("/") and path.startswith(row)):
            return body
    return Body.NOTHING


class BodyLimits:
    """The table's sizes in bytes, as they are configured."""

    def __init__(self, config: Config) -> None:
        self._root = config.root_path
        self._bytes = {
            Body.NOTHING: NOTHING_BYTES,
            Body.FIELDS: json_limit_bytes(config),
            Body.UPLOAD: config.max_body_mb * MEGABYTE,
            Body.RECORDING: config.upload_max_mb * MEGABYTE,
        }

    def of(self, method: bytes, target: bytes) -> int:
        """Of a request line's method and target."""
        path = unquote(target.partition(b"?")[0].decode("latin-1"))
        return self._bytes[body_of(method.decode("latin-1"), below(path, self._root))]


def json_limit_bytes(config: Config) -> int:
    """The configured size, or what the longest texts need in any escaping."""
    if config.max_json_kb:
        return config.max_json_kb * KILOBYTE
    texts_bytes = LONG_FIELDS * ESCAPED_CHARACTER_BYTES * config.tts_max_text_length
    return min(texts_bytes + OTHER_FIELDS_BYTES, LARGEST_JSON_KB * KILOBYTE)


def in_words(size_bytes: int) -> str:
    """A limit as an error message names it: `26 MB`, `134 KB`."""
    if size_bytes >= MEGABYTE:
        return f"{size_bytes / MEGABYTE:.3g} MB"
    return f"{size_bytes / KILOBYTE:.3g} KB"
