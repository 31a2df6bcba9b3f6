"""Every error that reaches a client, each with its wire form.

VoiceError
 +- BadRequest          400 / 4400   bad_request: a message or body that cannot be read
 |   +- BadValue        400 / 4400   bad_value: a field with a value that is not allowed
 +- Unauthorized        401 / 4401   unauthorized: no key, or a wrong one
 +- Forbidden           403 / 4403   forbidden: a known caller who may not do this
 +- NotFound            404 / 4404   not_found
 |   +- UnknownVoice    404 / 4404   unknown_voice
 +- IdleTimeout         408 / 4408   idle: no message for too long
 +- Superseded          409 / 4409   superseded: another connection resumed this stream
 +- TooLarge            413 / 4413   too_large
 +- UnsupportedAudio    415 / 4415   unsupported_audio
 +- Unspeakable         422 / 4400   no_speakable_text
 +- TooMany             429 / 4429   too_many_requests, with retry_after_seconds
 |   +- QuotaExceeded   429 / 4429   quota_exceeded: what a day allows is used up
 +- SessionExpired      440 / 4440   session_expired: the session reached its time limit
 +- SlowReader          500 / 4431   slow_reader: the client does not read what it asked for
 +- Unavailable         503 / 4503   unavailable, with retry_after_seconds
 |   +- Overloaded      503 / 4503   overloaded: a bounded queue is full
 |   |   +- Expired                     the deadline passed, or the work was cancelled
 |   +- EngineFailed    503 / 4503   engine_failed: an engine is missing, down, or crashed
 |   |   +- ModelMissing                a model or voice is missing; says how to fix it
 |   +- LlmUnavailable  503 / 4503   llm_unavailable: no language model answered
 |   +- Loading         503 / 4503   loading: the models are still being loaded
 +- TimedOut            504 / 4504   timed_out: the response did not begin in time
 +- Restarting          503 / 4512   restarting: the server is shutting down

A WebSocket close code is 4000 + the HTTP status it mirrors, because Daphne can
send only 1000 and 3000-4999; the JSON `error` event goes first and says why.
"""

from __future__ import annotations

from typing import Any

INTERNAL = "The server made a mistake; it has been logged."
"""The message for a client about an internal error."""


class VoiceError(Exception):
    """An error with a sentence for the person who caused it or can fix it."""

    code = "internal_error"
    http_status = 500
    close_code = 4500

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.retry_after_seconds = retry_after_seconds

    def body(self, request_id: str | None = None) -> dict[str, Any]:
        """The one error shape of the HTTP interface."""
        error = {
            "code": self.code,
            "message": self.message,
            "field": self.field,
            "request_id": request_id,
        }
        return {"error": error}

    def event(self) -> dict[str, Any]:
        """The one error shape of the WebSocket interface."""
        event: dict[str, Any] = {
            "type": "error",
            "code": self.code,
            "message": self.message,
        }
        if self.field is not None:
            event["field"] = self.field
        if self.retry_after_seconds is not None:
            event["retry_after"] = self.retry_after_seconds
        return event


class BadRequest(VoiceError):
    code, http_status, close_code = "bad_request", 400, 4400


class BadValue(BadRequest):
    code = "bad_value"


class Unauthorized(VoiceError):
    code, http_status, close_code = "unauthorized", 401, 4401


class Forbidden(VoiceError):
    code, http_status, close_code = "forbidden", 403, 4403


class NotFound(VoiceError):
    code, http_status, close_code = "not_found", 404, 4404


class UnknownVoice(NotFound):
    code = "unknown_voice"


class IdleTimeout(VoiceError):
    code, http_status, close_code = "idle", 408, 4408


class Superseded(VoiceError):
    code, http_status, close_code = "superseded", 409, 4409


class TooLarge(VoiceError):
    code, http_status, close_code = "too_large", 413, 4413


class UnsupportedAudio(VoiceError):
    code, http_status, close_code = "unsupported_audio", 415, 4415


class Unspeakable(VoiceError):
    code, http_status, close_code = "no_speakable_text", 422, 4400


class TooMany(VoiceError):
    code, http_status, close_code = "too_many_requests", 429, 4429


class QuotaExceeded(TooMany):
    code = "quota_exceeded"


class SessionExpired(VoiceError):
    code, http_status, close_code = "session_expired", 440, 4440


class SlowReader(VoiceError):
    code, http_status, close_code = "slow_reader", 500, 4431


class Unavailable(VoiceError):
    code, http_status, close_code = "unavailable", 503, 4503


class Overloaded(Unavailable):
    code = "overloaded"


class Expired(Overloaded):
    """Nobody needs the answer any more: its deadline passed, or it was cancelled."""


class EngineFailed(Unavailable):
    code = "engine_failed"


class ModelMissing(EngineFailed):
    """A missing model: one sentence, and the command that fixes it."""


class LlmUnavailable(Unavailable):
    code = "llm_unavailable"


class Loading(Unavailable):
    code = "loading"


class TimedOut(VoiceError):
    code, http_status, close_code = "timed_out", 504, 4504


class Restarting(VoiceError):
    code, http_status, close_code = "restarting", 503, 4512
