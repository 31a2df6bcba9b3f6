"""Errors as the OpenAI API writes them.

Source: the error object of https://platform.openai.com/docs/guides/error-codes, and the
`ErrorObject` schema of the OpenAPI description.
"""

from __future__ import annotations

from typing import Any

from common.errors import QuotaExceeded, VoiceError

_STATUSES = {413: 400, 415: 400, 422: 400}
"""The API answers 400 for these."""
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    405: "invalid_request_error",
    429: "rate_limit_error",
}
_NO_QUOTA = "insufficient_quota"
"""The type and the code of an account without credit, which clients do not ask again."""


class OpenAiShape:
    """`{"error": {"message", "type", "param", "code"}}`."""

    def status(self, error: VoiceError) -> int:
        return _STATUSES.get(error.http_status, error.http_status)

    def body(self, error: VoiceError, request_id: str | None) -> dict[str, Any]:
        """The request's id is in the header `x-request-id` only."""
        return {"error": error_object(error)}


def error_object(error: VoiceError) -> dict[str, Any]:
    """The error with its fields `message`, `type`, `param` and `code`."""
    status = _STATUSES.get(error.http_status, error.http_status)
    type_, code = _TYPES.get(status, "server_error"), error.code
    if isinstance(error, QuotaExceeded):
        type_ = code = _NO_QUOTA
    return {
        "message": error.message,
        "type": type_,
        "param": error.field,
        "code": code,
    }
