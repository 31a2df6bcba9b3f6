"""Errors as the Live API writes them."""

from __future__ import annotations

from common.errors import QuotaExceeded, VoiceError
from compat_app.realtime.live.server import ErrorDetails, ErrorEvent


def error_event(error: VoiceError, client_event_id: str | None = None) -> ErrorEvent:
    """The event that tells a client of this error, and which of its events caused it."""
    server = error.http_status >= 500
    details = ErrorDetails(
        type="server_error" if server else "invalid_request_error",
        code="insufficient_quota" if isinstance(error, QuotaExceeded) else error.code,
        message=error.message,
        param=error.field,
        client_event_id=client_event_id,
    )
    return ErrorEvent(error=details, client_event_id=client_event_id)
