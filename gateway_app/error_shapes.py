"""The shape of errors over HTTP, by path: each protocol has its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from common.errors import VoiceError


class ErrorShape(Protocol):
    """How a protocol writes an error over HTTP."""

    def status(self, error: VoiceError) -> int:
        """The HTTP status."""

    def body(self, error: VoiceError, request_id: str | None) -> dict[str, Any]:
        """The JSON body."""


class NativeShape:
    """`{"error": {"code", "message", "field", "request_id"}}`."""

    def status(self, error: VoiceError) -> int:
        return error.http_status

    def body(self, error: VoiceError, request_id: str | None) -> dict[str, Any]:
        return error.body(request_id)


NATIVE = NativeShape()


@dataclass(frozen=True)
class ErrorShapes:
    """Which shape applies to which path."""

    by_prefix: Mapping[str, ErrorShape] = field(default_factory=dict)

    def of(self, path: str) -> ErrorShape:
        """The shape of the longest matching prefix; NATIVE if none matches."""
        matching = [prefix for prefix in self.by_prefix if path.startswith(prefix)]
        return self.by_prefix[max(matching, key=len)] if matching else NATIVE


NATIVE_ONLY = ErrorShapes()
