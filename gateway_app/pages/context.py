"""What the frame of every page shows: the pages, the languages, the version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from common.product import NAME, VERSION
from gateway_app.access.principals import Scope, principal_of
from gateway_app.access.root_path import below
from gateway_app.pages.language import script_catalogue_url
from gateway_app.pages.part_names import PART_NAMES
from gateway_app.services import find_gateway_services


@dataclass(frozen=True)
class Page:
    """One entry of the navigation."""

    label: str | Promise
    url_name: str
    icon: str
    on_phone: bool = True
    """Whether it is in the bottom bar of a phone, or under "More"."""


PAGES = (
    Page(gettext_lazy("Home"), "home", "home"),
    Page(gettext_lazy("Talk"), "talk", "talk"),
    Page(gettext_lazy("Speak"), "speak", "speak"),
    Page(gettext_lazy("Listen"), "listen", "listen"),
    Page(gettext_lazy("Monitor"), "monitor", "monitor", on_phone=False),
    Page(
        gettext_lazy("Configuration"), "configuration", "configuration", on_phone=False
    ),
    Page(gettext_lazy("API"), "api_page", "api", on_phone=False),
    Page(gettext_lazy("Admin"), "admin:index", "admin", on_phone=False),
)


def site(request: HttpRequest | None) -> dict[str, Any]:
    """What the frame shows on this page: of the pages those that the caller may open."""
    path = request.path if request is not None else ""
    shown = [
        (page, url)
        for page in PAGES
        if (url := _address(page.url_name)) and may_open(request, url)
    ]
    return {
        "site_may": {page.url_name: True for page, _ in shown},
        "product_name": NAME,
        "site_pages": [
            {"page": page, "url": url, "current": path == url} for page, url in shown
        ],
        "site_version": VERSION,
        "site_languages": settings.LANGUAGES,
        "part_names": PART_NAMES,
        "script_catalogue_url": script_catalogue_url(),
    }


def may_open(request: HttpRequest | None, url: str) -> bool:
    """Whether the caller has the scope of the page at this address."""
    gateway = find_gateway_services(request) if request is not None else None
    if request is None or gateway is None:
        return True
    path = below(url, gateway.config.root_path)
    needs = gateway.access.routes.of("GET", path).needs
    return not isinstance(needs, Scope) or principal_of(request).may(needs)


def _address(url_name: str) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:  # an admin that is not installed has no entry
        return ""
