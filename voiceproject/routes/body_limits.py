"""How large the body of a request may be."""

from __future__ import annotations

from urllib.parse import unquote

from common.config import Config
from common.config.server import LARGEST_JSON_KB
from gateway_app.access.root_path import below
from gateway_app.access.routes import METHODS_WITH_BODY, Body
from voiceproject.routes.table import ROUTES

KILOBYTE = 1_024
MEGABYTE = 1_000_000
NOTHING_BYTES = KILOBYTE
"""For routes without a body; some clients send an empty object anyway."""
ESCAPED_CHARACTER_BYTES = 12
r"""The longest way to write a character in JSON: `\ud83d\ude00`."""
LONG_FIELDS = 2
"""`text` and `system_prompt`."""
OTHER_FIELDS_BYTES = 16 * KILOBYTE


def body_of(method: str, path: str) -> Body:
    """What the route takes; no body if no row of the table matches."""
    if method not in METHODS_WITH_BODY:
        return Body.NOTHING
    return ROUTES.of(method, path).body


class BodyLimits:
    """The sizes of the table of routes in bytes, as they are configured."""

    def __init__(self, config: Config) -> None:
        self._root = config.root_path
        self._bytes = {
            Body.NOTHING: NOTHING_BYTES,
            Body.FIELDS: json_limit_bytes(config),
            Body.UPLOAD: config.max_body_mb * MEGABYTE,
            Body.RECORDING: config.upload_max_mb * MEGABYTE,
        }

    def of_kind(self, body: Body) -> int:
        """Of a kind of body."""
        return self._bytes[body]

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
