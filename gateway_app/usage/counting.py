"""Counts HTTP requests by caller."""

from __future__ import annotations

from django.http import HttpRequest

from gateway_app.access.principals import principal_of
from gateway_app.access.proxies import client_address
from gateway_app.requests import scope_of
from gateway_app.usage.accounts import Account, Accounts, Resource


def account_of(request: HttpRequest, accounts: Accounts) -> Account:
    """The account of the request's caller."""
    address = client_address(scope_of(request))
    return accounts.account(principal_of(request), address)


def count_request(request: HttpRequest, accounts: Accounts) -> None:
    """Count a request whose principal is known."""
    request.is_counted = True  # type: ignore[attr-defined]
    account_of(request, accounts).spend(Resource.REQUESTS)


def count_error(request: HttpRequest, accounts: Accounts) -> None:
    """Count that it was answered with an error, if the request itself was counted."""
    if getattr(request, "is_counted", False):
        account_of(request, accounts).spend(Resource.ERRORS)
