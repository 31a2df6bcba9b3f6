"""Errors as the Deepgram API writes them.

Sources: https://developers.deepgram.com/docs/errors for HTTP; for WebSockets the classes
`ListenV1Error` and `ListenV2FatalError` of deepgram-sdk 7.17.
"""

from __future__ import annotations

from typing import Any

from common.errors import VoiceError

_HTTP_CODES = {
    400: "Bad Request",
    401: "INVALID_AUTH",
    403: "INSUFFICIENT_PERMISSIONS",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "Bad Request",
    429: "TOO_MANY_REQUESTS",
    503: "SERVICE_UNAVAILABLE",
}
_STATUSES = {415: 400, 422: 400}
"""The API answers 400 for audio that it cannot read and text that it cannot speak."""
_SCHEMA_ERRORS = ("bad_request", "bad_value")


class DeepgramShape:
    """`{"err_code", "err_msg", "request_id"}`."""

    def status(self, error: VoiceError) -> int:
        return _STATUSES.get(error.http_status, error.http_status)

    def body(self, error: VoiceError, request_id: str | None) -> dict[str, Any]:
        status = self.status(error)
        return {
            "err_code": _HTTP_CODES.get(status, "INTERNAL_SERVER_ERROR"),
            "err_msg": error.message,
            "request_id": request_id or "",
        }


def variant(error: VoiceError) -> str:
    """The category of an error on `/v1/listen`: `SchemaError` for a bad message."""
    if error.code in _SCHEMA_ERRORS:
        return "SchemaError"
    return "".join(word.capitalize() for word in error.code.split("_"))


def fatal_code(error: VoiceError) -> str:
    """The code of an error on `/v2/listen` and `/v1/speak`, such as `UNAUTHORIZED`."""
    return error.code.upper()
