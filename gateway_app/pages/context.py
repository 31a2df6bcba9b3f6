"""What the frame of every page shows: the pages, the languages, the version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from common.product import NAME, VERSION
from gateway_app.pages.language import script_catalogue_url


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
    Page(gettext_lazy("Speak"), "speak", "speak"),
    Page(gettext_lazy("Listen"), "listen", "listen"),
    Page(gettext_lazy("Monitor"), "monitor", "monitor"),
    Page(
        gettext_lazy("Configuration"), "configuration", "configuration", on_phone=False
    ),
    Page(gettext_lazy("API"), "api_page", "api", on_phone=False),
    Page(gettext_lazy("Admin"), "admin:index", "admin", on_phone=False),
)


def site(path: str) -> dict[str, Any]:
    """What the frame shows on the page at this path."""
    entries = [
        {"page": page, "url": url, "current": path == url}
        for page in PAGES
        if (url := _address(page.url_name))
    ]
    return {
        "product_name": NAME,
        "site_pages": entries,
        "site_version": VERSION,
        "site_languages": settings.LANGUAGES,
        "script_catalogue_url": script_catalogue_url(),
    }


def _address(url_name: str) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:  # an admin that is not installed has no entry
        return ""
