"""A request before its view: its route, its principal, and its deadline."""

from __future__ import annotations

import asyncio

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware

from common.errors import Forbidden, TimedOut
from common.workers.turns import work_for
from gateway_app.access.authentication import check_scope
from gateway_app.access.principals import Principal, act_as, user_principal
from gateway_app.access.proxies import client_address
from gateway_app.access.quotas import OverQuota, caller_of
from gateway_app.access.routes import ADMIN_ROUTE, NO_ROUTE, READING, Route, needs_key
from gateway_app.admission.deadlines import GetResponse, in_time
from gateway_app.requests import ADMIN, scope_of
from gateway_app.responses import error_response
from gateway_app.services import find_gateway_services, gateway_services
from gateway_app.usage.counting import count_request


def route_of(request: HttpRequest) -> Route:
    """The row of the request in the table of routes."""
    gateway = find_gateway_services(request)
    if gateway is None:
        is_admin = request.path_info.startswith(ADMIN)
        return ADMIN_ROUTE if is_admin else NO_ROUTE
    return gateway.access.routes.of(request.method or "", request.path_info)


async def admit(request: HttpRequest, route: Route) -> None:
    """Set the principal of a request. Raises Unauthorized, Forbidden and TooMany."""
    scope = scope_of(request)
    gateway = gateway_services(scope)
    needs = needs_key(route, request.method or "", gateway.config)
    try:
        principal = await gateway.access.authenticate(
            scope, request.auser, needs_key=needs
        )
    except OverQuota as error:
        _set_principal(request, error.principal)
        count_request(request, gateway.meter)
        raise
    _set_principal(request, principal)
    count_request(request, gateway.meter)
    check_scope(principal, route)
    if request.method in READING or principal.kind == "key":
        return
    gateway.access.check_origin(scope)
    # It may parse a large form, which would block the event loop.
    if principal.kind == "user" and await asyncio.to_thread(_fails_csrf, request):
        raise Forbidden("The request needs the CSRF token of the page that sent it.")


async def identify_admin_user(request: HttpRequest) -> None:
    """Set the principal of an admin request; the admin itself decides who may do what."""
    if request.path_info.startswith(ADMIN):
        user = await request.auser()
        if user.is_authenticated:
            _set_principal(request, await user_principal(user))


def _set_principal(request: HttpRequest, principal: Principal) -> None:
    request.principal = principal  # type: ignore[attr-defined]
    act_as(principal)
    structlog.contextvars.bind_contextvars(principal=principal.id)
    work_for(caller_of(principal, client_address(scope_of(request))))


def _fails_csrf(request: HttpRequest) -> bool:
    """Whether a request that is authenticated by a cookie lacks the CSRF token.

    The views of the HTTP interface are exempt, because keys need no token.
    """

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    check = CsrfViewMiddleware(view)
    check.process_request(request)
    return check.process_view(request, view, (), {}) is not None


async def answer_in_time(
    request: HttpRequest, route: Route, get_response: GetResponse
) -> HttpResponseBase:
    """The response, if it begins in time; otherwise an error."""
    gateway = find_gateway_services(request)
    if gateway is None:
        return await get_response(request)
    try:
        return await in_time(request, route, gateway.config, get_response)
    except TimedOut as error:
        return error_response(request, error)
