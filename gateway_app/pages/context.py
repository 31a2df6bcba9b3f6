"""The context of every template: the pages, this page, and the services that run
here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from common.product import NAME
from common.version import VERSION


@dataclass(frozen=True)
class Page:
    """One entry of the navigation."""

    label: str
    url_name: str
    icon: str
    on_phone: bool = True
    """Whether it is in the bottom bar of a phone, or under "More"."""


PAGES = (
    Page("Home", "home", "home"),
    Page("Speak", "speak", "speak"),
    Page("Listen", "listen", "listen"),
    Page("Monitor", "monitor", "monitor"),
    Page("Configuration", "configuration", "configuration", on_phone=False),
    Page("API", "api_page", "api", on_phone=False),
    Page("Admin", "admin:index", "admin", on_phone=False),
)


def site(request: HttpRequest) -> dict[str, Any]:
    """The context processor."""
    entries = [
        {"page": page, "url": url, "current": request.path == url}
        for page in PAGES
        if (url := _address(page.url_name))
    ]
    return {"product_name": NAME, "site_pages": entries, "site_version": VERSION}


def _address(url_name: str) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:  # an admin that is not installed has no entry
        return ""
