"""Errors as the Realtime API writes them.

Source: the `error` event of https://platform.openai.com/docs/api-reference/realtime-server-events
"""

from __future__ import annotations

from common.errors import BadRequest, BadValue, QuotaExceeded, VoiceError
from compat_app.realtime.shared.messages import ErrorEvent
from compat_app.realtime.shared.parts import ErrorDetails, FailureDetails

KIND_IS_FIXED = "The type of a session can change before the first audio only."
SHORTEST_COMMIT_SECONDS = 0.1
"""As at OpenAI."""
_NO_QUOTA = "insufficient_quota"
"""The type and the code of an account without credit."""


class Refused(BadRequest):
    """A client event that cannot be served. The session goes on without it."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "invalid_value",
        param: str | None = None,
        event_id: str | None = None,
    ) -> None:
        super().__init__(message, field=param)
        self.code = code
        self.event_id = event_id
        """The client's id of the event."""


def check_commit(seconds: float) -> None:
    """Raises Refused for a commit of so little audio that it can only be a mistake, such as
    a button that was let go at once. The audio stays in the buffer."""
    # Rounded, because it is a sum of pieces.
    if round(seconds, 6) < SHORTEST_COMMIT_SECONDS:
        raise Refused(
            f"The input audio buffer has {1000 * seconds:.0f} ms of audio since the last "
            f"commit; {1000 * SHORTEST_COMMIT_SECONDS:.0f} ms are needed.",
            code="input_audio_buffer_commit_empty",
        )


def refusal_code(error: BadRequest) -> str:
    """What this API calls the error of a client's event."""
    if error.field == "previous_item_id":
        return "item_create_invalid_previous_item_id"
    return "invalid_value" if isinstance(error, BadValue) else error.code


def error_event(error: VoiceError) -> ErrorEvent:
    """The event that tells a client of this error."""
    details = ErrorDetails(
        type=_kind(error),
        code=_NO_QUOTA if isinstance(error, QuotaExceeded) else error.code,
        message=error.message,
        param=error.field,
        event_id=error.event_id if isinstance(error, Refused) else None,
    )
    return ErrorEvent(error=details)


def failure(error: VoiceError) -> FailureDetails:
    """Why an item has no transcript."""
    return FailureDetails(
        type=_kind(error), code=error.code, message=error.message, param=error.field
    )


def _kind(error: VoiceError) -> str:
    if isinstance(error, QuotaExceeded):
        return _NO_QUOTA
    return "server_error" if error.http_status >= 500 else "invalid_request_error"
