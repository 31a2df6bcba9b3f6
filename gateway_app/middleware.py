"""Middleware for every HTTP request: id, log line, metrics, access and page security."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.decorators import async_only_middleware
from django.views.defaults import permission_denied

from common.errors import Forbidden, Unauthorized, VoiceError
from common.metrics import HTTP_REQUESTS, HTTP_SECONDS
from gateway_app.access.principals import principal_of
from gateway_app.access.proxies import client_address
from gateway_app.access.quotas import Kind, OverQuota
from gateway_app.access.routes import METHODS, READING
from gateway_app.admission.deadlines import GetResponse
from gateway_app.admission.requests import (
    admit,
    answer_in_time,
    identify_admin_user,
    route_of,
)
from gateway_app.requests import ADMIN, accepts_html, check_address, scope_of
from gateway_app.responses import ErrorResponse, error_for_response, error_response
from gateway_app.services import find_gateway_services, gateway_services
from gateway_app.sockets.sessions import Seat
from gateway_app.usage.counting import count_error
from gateway_app.usage.rate_headers import add_rate_headers

log = structlog.get_logger(__name__)

LOGIN = "/admin/login/"
STATIC = "/static/"
DOCS_PAGE = "openapi-view"
UNLOGGED_PATHS = ("/health", "/metrics")

_SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@async_only_middleware
def request_context(get_response: GetResponse) -> GetResponse:
    """Outermost: the request's id, its log line and its metrics."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        request_id = _usable_id(request.headers.get("X-Request-ID", ""))
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(
            request_id=request_id, client=client_address(scope_of(request))
        )
        seat, response = None, None
        try:
            check_address(request)
            seat = _take_seat(request)
            response = await get_response(request)
        except VoiceError as error:
            response = error_response(request, error)
        finally:
            # Django sends the response in this task, so both end together.
            _when_task_ends(lambda: _record_request(request, response, seat, began))
        _shape_error(request, response)
        response["X-Request-ID"] = request_id
        return response

    return middleware


@async_only_middleware
def access_control(get_response: GetResponse) -> GetResponse:
    """Authenticates the request and sets `request.principal`."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path_info == LOGIN and request.method == "POST":
            return await _limited_login(request, get_response)
        route = route_of(request)
        if route.skips_access:
            await identify_admin_user(request)
            return await answer_in_time(request, route, get_response)
        try:
            await admit(request, route)
        except Unauthorized as error:
            if request.method in READING and not is_for_programs(request):
                return redirect_to_login(request.get_full_path())
            return error_response(request, error)
        except OverQuota as error:
            refused = error_response(request, error)
            return await _with_rate_headers(request, refused, error)
        except Forbidden as error:
            if is_for_programs(request):
                return error_response(request, error)
            return permission_denied(request, error)
        except VoiceError as error:
            return error_response(request, error)
        response = await answer_in_time(request, route, get_response)
        return await _with_rate_headers(request, response)

    return middleware


def _usable_id(given: str) -> str:
    return given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex


def _take_seat(request: HttpRequest) -> Seat | None:
    """Makes shutdown wait for this request, and refuse later ones."""
    gateway = find_gateway_services(request)
    if gateway is None or request.path_info.startswith(UNLOGGED_PATHS):
        return None
    return gateway.sessions.open("http")


def _when_task_ends(work: Callable[[], None]) -> None:
    task = asyncio.current_task()
    if task is not None:
        task.add_done_callback(lambda _: work())


def _record_request(
    request: HttpRequest,
    response: HttpResponseBase | None,
    seat: Seat | None,
    began: float,
) -> None:
    if seat is not None:
        seat.close()
    seconds = time.perf_counter() - began
    # Proxies log 499 for a client that disconnected before the response.
    status = response.status_code if response is not None else 499
    route = _route(request)
    method = request.method if request.method in METHODS else "other"
    principal = principal_of(request)
    HTTP_REQUESTS.labels(method, route, str(status), principal.kind).inc()
    HTTP_SECONDS.labels(route).observe(seconds)
    gateway = find_gateway_services(request)
    if status >= 400 and gateway is not None:
        count_error(request, gateway.meter)
    hidden = gateway is not None and gateway.config.filter_health_logs
    if not (hidden and request.path_info.startswith(UNLOGGED_PATHS)):
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
    """The route's pattern: with raw paths anybody could add labels without end."""
    match: ResolverMatch | None = getattr(request, "resolver_match", None)
    if match is not None:
        return f"/{match.route}"
    return "static" if _is_static(request) else "unmatched"


def _is_static(request: HttpRequest) -> bool:
    return request.path_info.startswith(STATIC)


async def _with_rate_headers(
    request: HttpRequest, response: HttpResponseBase, refused: OverQuota | None = None
) -> HttpResponseBase:
    gateway = gateway_services(scope_of(request))
    await add_rate_headers(request, response, gateway.access, gateway.meter, refused)
    return response


async def _limited_login(
    request: HttpRequest, get_response: GetResponse
) -> HttpResponseBase:
    """The admin's login, with a limit on wrong passwords."""
    scope = scope_of(request)
    failures, address = gateway_services(scope).access.failures, client_address(scope)
    try:
        await failures.count(address)
    except VoiceError as error:
        failures.listener.failed(Kind.PASSWORD, address)
        return error_response(request, error)
    response = await get_response(request)
    if response.status_code == 200:  # success is a redirect; a failure the form again
        account = request.POST.get("username", "")
        failures.listener.failed(Kind.PASSWORD, address, account)
    else:
        await failures.forgive(address)
    return response


def is_for_programs(request: HttpRequest) -> bool:
    """Whether errors are answered in JSON: always by the API, by pages unless HTML is accepted."""
    if request.path_info.startswith(ADMIN):
        return False
    try:
        match = resolve(request.path_info)
    except Resolver404:
        match = None
    if match and "ninja" in match.app_names and match.url_name != DOCS_PAGE:
        return True
    return not accepts_html(request)


def _shape_error(request: HttpRequest, response: HttpResponseBase) -> None:
    """Rewrite an error that Django itself answered into our shape, keeping its headers."""
    if response.status_code < 400 or not isinstance(response, HttpResponse):
        return
    is_json = response.headers.get("Content-Type", "").startswith("application/json")
    if is_json or not is_for_programs(request):
        return
    shaped: ErrorResponse = error_response(
        request, error_for_response(request, response)
    )
    response.content = shaped.content
    # With the old length the client would wait for more.
    response["Content-Length"] = str(len(shaped.content))
    response["Content-Type"] = shaped["Content-Type"]
