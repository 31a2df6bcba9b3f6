"""Error responses over HTTP, each in the shape of its protocol."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

import structlog
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.http.request import split_domain_port

from common.errors import (
    INTERNAL,
    BadRequest,
    BadValue,
    Forbidden,
    NotFound,
    TooLarge,
    Unavailable,
    VoiceError,
)
from common.messages import LONGEST_FIELD, explain_problems
from common.metrics import ERRORS
from gateway_app.error_shapes import NATIVE, NATIVE_ONLY, ErrorShape
from gateway_app.path_hints import nothing_at
from gateway_app.services import find_gateway_services

log = structlog.get_logger(__name__)

JSON_TYPE = "application/json"

Answer = Callable[..., Awaitable[HttpResponseBase]]
AnyResponse = TypeVar("AnyResponse", bound=HttpResponseBase)


class NotJson(VoiceError):
    code, http_status = "unsupported_media_type", 415


class MethodNotAllowed(VoiceError):
    code, http_status = "method_not_allowed", 405


class ErrorResponse(JsonResponse):
    """An error as a JSON response, with its headers."""

    def __init__(
        self, error: VoiceError, request_id: str | None, shape: ErrorShape = NATIVE
    ) -> None:
        super().__init__(shape.body(error, request_id), status=shape.status(error))
        ERRORS.labels(error.code).inc()
        self["Cache-Control"] = "no-store"
        if error.http_status == 401:
            self["WWW-Authenticate"] = 'Bearer realm="voice"'
        if error.retry_after_seconds is not None:
            self["Retry-After"] = str(math.ceil(error.retry_after_seconds))


def request_id(request: HttpRequest) -> str | None:
    """The id that `request_context` gave this request."""
    given: str | None = getattr(request, "request_id", None)
    return given


def error_response(request: HttpRequest, error: VoiceError) -> ErrorResponse:
    """The response for an error from a view or a middleware."""
    gateway = find_gateway_services(request)
    shapes = gateway.error_shapes if gateway else NATIVE_ONLY
    shape = shapes.of(request.path_info)
    log.info(
        "request refused",
        code=error.code,
        reason=error.message,
        field=error.field,
        path=request.path_info,
    )
    return ErrorResponse(error, request_id(request), shape)


def unbuffered(response: AnyResponse) -> AnyResponse:
    """The same streamed response, which nobody on the way stores or holds back."""
    response["Cache-Control"] = "no-store"
    # A buffering proxy would undo the streaming.
    response["X-Accel-Buffering"] = "no"
    return response


def json_only(run: Answer) -> Answer:
    """A decorator for `decorate_view`: refuses a body of another type, before ninja
    parses it."""

    @wraps(run)
    async def checked(request: HttpRequest, **values: Any) -> HttpResponseBase:
        if request.content_type == JSON_TYPE:
            return await run(request, **values)
        given = request.content_type or "no content type"
        return error_response(
            request, NotJson(f"`{request.path_info}` takes {JSON_TYPE}, not {given}.")
        )

    return checked


def explain_validation(
    problems: Sequence[dict[str, Any]], body: Any = None
) -> VoiceError:
    """A problem that ninja found in a request, as a sentence with the field. `body` is
    what was read from JSON, which tells fields from the alternatives of a union."""
    problem = problems[0]
    if problem["loc"][0] == "body" and body is not None:
        # The path starts with `body` and the name of the view's parameter.
        of_body = [{**each, "loc": each["loc"][2:]} for each in problems]
        return explain_problems(of_body, body)
    where, *path = [str(part) for part in problem["loc"]]
    # A body's path starts with the name of the view's parameter.
    fields = path[1:] if where in ("body", "form") else path
    field = ".".join(fields)[:LONGEST_FIELD] or None
    kind = problem["type"]
    if field is None and kind == "missing":
        return BadRequest("The request needs a JSON body.")
    if kind == "missing":
        return BadValue(f"The field `{field}` is missing.", field=field)
    if kind == "extra_forbidden":
        return BadValue(f"Unknown field `{field}`.", field=field)
    sentence = str(problem["msg"]).removeprefix("Value error, ").rstrip(".")
    return BadValue(f"`{field or 'body'}`: {sentence}.", field=field)


def error_for_response(request: HttpRequest, response: HttpResponseBase) -> VoiceError:
    """The error for a response that Django itself made (404, 405, 400, ...)."""
    status = response.status_code
    path = request.path_info
    if status == 405:
        allowed = response.headers.get("Allow", "") or "another method"
        return MethodNotAllowed(f"{path} takes {allowed}, not {request.method}.")
    if status == 404:
        return NotFound(nothing_at(path))
    if status == 403:
        return Forbidden("The CSRF token is missing or wrong.")
    if status == 413:
        return TooLarge("The body is too large.")
    if status == 503:
        return Unavailable("The server cannot do this right now.")
    if status < 500:
        return BadRequest(_unreadable(request))
    return VoiceError(INTERNAL)


def _unreadable(request: HttpRequest) -> str:
    """Most often it is the host name: somebody uses a new name for this machine."""
    try:
        request.get_host()
    except DisallowedHost:
        name, _ = split_domain_port(request.headers.get("Host", ""))
        if name:
            return f"The host name `{name[:LONGEST_FIELD]}` is not in `allowed_hosts`."
    return "The request cannot be read."
