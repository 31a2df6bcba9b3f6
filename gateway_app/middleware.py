"""What every HTTP request passes: its id, its figures, access, and page security."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable

import structlog
from csp.middleware import CSPMiddleware, PolicyParts
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.decorators import async_only_middleware

from common.errors import Forbidden, Unauthorized, VoiceError
from common.metrics import HTTP_REQUESTS, HTTP_SECONDS
from gateway_app.access.principals import Principal, principal_of, user_principal
from gateway_app.access.proxies import client_address
from gateway_app.requests import scope_of
from gateway_app.responses import ErrorResponse, error_response, stand_in
from gateway_app.services import find_gateway_services, gateway_services
from gateway_app.sockets.sessions import Seat

log = structlog.get_logger(__name__)

GetResponse = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

ADMIN = "/admin/"
LOGIN = "/admin/login/"
STATIC = "/static/"
DOCS_PAGE = "openapi-view"
QUIET = ("/health", "/metrics")
# The admin asks for a password itself; a liveness probe has no key to show.
OPEN_DOORS = (ADMIN, STATIC, "/favicon.ico", "/health/live")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
METHODS = (*SAFE_METHODS, "POST", "PUT", "PATCH", "DELETE")

_SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@async_only_middleware
def request_context(get_response: GetResponse) -> GetResponse:
    """Outermost: the request's id, its line in the log and its figures."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        request_id = _usable_id(request.headers.get("X-Request-ID", ""))
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(
            request_id=request_id, client=client_address(scope_of(request))
        )
        seat, response = None, None
        try:
            seat = _take_seat(request)
            response = await get_response(request)
        except VoiceError as error:
            response = error_response(request, error)
        finally:
            # Django sends the answer in this same task: its end is the answer's.
            _when_task_ends(lambda: _count(request, response, seat, began))
        _shape_error(request, response)
        response["X-Request-ID"] = request_id
        return response

    return middleware


@async_only_middleware
def access_control(get_response: GetResponse) -> GetResponse:
    """Lets in who may come in, as `request.principal`."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path_info == LOGIN and request.method == "POST":
            return await _watched_login(request, get_response)
        if request.path_info.startswith(OPEN_DOORS):
            await _recognize(request)
            return await get_response(request)
        try:
            await _admit(request)
        except Unauthorized as error:
            if request.method in SAFE_METHODS and not _is_for_programs(request):
                return redirect_to_login(request.get_full_path())
            return error_response(request, error)
        except VoiceError as error:
            return error_response(request, error)
        return await get_response(request)

    return middleware


class PageSecurityMiddleware(CSPMiddleware):
    """A strict content security policy, loosened only where a page cannot do without."""

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith(ADMIN):
            # The admin's theme compiles its expressions in the browser and
            # writes its colours into the page.
            parts.update = {
                "script-src": ["'unsafe-eval'"],
                "style-src": ["'unsafe-inline'"],
            }
        return parts

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        response["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=()"
        return super().process_response(request, response)


def _usable_id(given: str) -> str:
    return given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex


def _take_seat(request: HttpRequest) -> Seat | None:
    """So that shutdown waits for this request, and later ones are turned away."""
    gateway = find_gateway_services(request)
    if gateway is None or request.path_info.startswith(QUIET):
        return None
    return gateway.sessions.open("http")


def _when_task_ends(work: Callable[[], None]) -> None:
    task = asyncio.current_task()
    if task is not None:
        task.add_done_callback(lambda _: work())


def _count(
    request: HttpRequest,
    response: HttpResponseBase | None,
    seat: Seat | None,
    began: float,
) -> None:
    if seat is not None:
        seat.close()
    seconds = time.perf_counter() - began
    # 499 is what proxies log for a client that left before the answer.
    status = response.status_code if response is not None else 499
    route = _route(request)
    method = request.method if request.method in METHODS else "other"
    principal = principal_of(request)
    HTTP_REQUESTS.labels(method, route, str(status), principal.kind).inc()
    HTTP_SECONDS.labels(route).observe(seconds)
    gateway = find_gateway_services(request)
    hidden = gateway is not None and gateway.config.filter_health_logs
    if not (hidden and request.path_info.startswith(QUIET)):
        level = logging.DEBUG if _is_static(request) and status < 400 else logging.INFO
        log.log(
            level,
            "request answered",
            request_id=request.request_id,  # type: ignore[attr-defined]
            client=client_address(scope_of(request)),
            principal=principal.id,
            method=request.method,
            path=request.path_info,
            status=status,
            seconds=round(seconds, 4),
        )


def _route(request: HttpRequest) -> str:
    """The route's pattern: raw paths would let strangers fill the metrics."""
    match: ResolverMatch | None = getattr(request, "resolver_match", None)
    if match is not None:
        return f"/{match.route}"
    return "static" if _is_static(request) else "unmatched"


def _is_static(request: HttpRequest) -> bool:
    return request.path_info.startswith(STATIC)


async def _admit(request: HttpRequest) -> None:
    scope = scope_of(request)
    access = gateway_services(scope).access
    principal = await access.authenticate(scope, request.auser)
    _set_principal(request, principal)
    if request.method in SAFE_METHODS or principal.kind == "key":
        return
    access.check_origin(scope)
    # It may read a whole form, of a size that the event loop had better not wait for.
    if principal.kind == "user" and await asyncio.to_thread(_fails_csrf, request):
        raise Forbidden("The request needs the CSRF token of the page that sends it.")


async def _recognize(request: HttpRequest) -> None:
    """The admin checks its users itself; here they only get their name."""
    if request.path_info.startswith(ADMIN):
        user = await request.auser()
        if user.is_authenticated:
            _set_principal(request, user_principal(user))


def _set_principal(request: HttpRequest, principal: Principal) -> None:
    request.principal = principal  # type: ignore[attr-defined]
    structlog.contextvars.bind_contextvars(principal=principal.id)


def _fails_csrf(request: HttpRequest) -> bool:
    """Whether a request that a cookie authenticates lacks its token.

    The views of the HTTP interface are exempt, because keys need no token.
    """

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    check = CsrfViewMiddleware(view)
    check.process_request(request)
    return check.process_view(request, view, (), {}) is not None


async def _watched_login(
    request: HttpRequest, get_response: GetResponse
) -> HttpResponseBase:
    """The admin's login, with a bound on wrong passwords."""
    scope = scope_of(request)
    failures, address = gateway_services(scope).access.failures, client_address(scope)
    try:
        await failures.count(address)
    except VoiceError as error:
        return error_response(request, error)
    response = await get_response(request)
    if response.status_code != 200:  # success is a redirect; a failure the form again
        await failures.forgive(address)
    return response


def _is_for_programs(request: HttpRequest) -> bool:
    """Whether an error is answered in JSON: interfaces always, pages for no browser."""
    if request.path_info.startswith(ADMIN):
        return False
    try:
        match = resolve(request.path_info)
    except Resolver404:
        match = None
    if match and "ninja" in match.app_names and match.url_name != DOCS_PAGE:
        return True
    return "text/html" not in request.headers.get("Accept", "")


def _shape_error(request: HttpRequest, response: HttpResponseBase) -> None:
    """Give an error that Django itself answered the one shape, keeping its headers."""
    if response.status_code < 400 or not isinstance(response, HttpResponse):
        return
    is_json = response.headers.get("Content-Type", "").startswith("application/json")
    if is_json or not _is_for_programs(request):
        return
    shaped: ErrorResponse = error_response(request, stand_in(request, response))
    response.content = shaped.content
    # The old length would keep the client waiting for the rest.
    response["Content-Length"] = str(len(shaped.content))
    response["Content-Type"] = shaped["Content-Type"]
