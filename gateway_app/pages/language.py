"""The language of the pages, and the catalogue for their scripts."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from functools import cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.decorators import async_only_middleware
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog

from gateway_app.requests import accepts_html

GetResponse = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

YEAR_SECONDS = 365 * 24 * 3600
PACKAGE = "voiceproject"
"""The app with the catalogues."""


@async_only_middleware
def page_language(get_response: GetResponse) -> GetResponse:
    """The language of the visitor's cookie or browser, for pages. Programs always get
    English: they do not ask for HTML.
    """

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        if not accepts_html(request):
            return await get_response(request)
        language = translation.get_language_from_request(request)
        request.LANGUAGE_CODE = language
        with translation.override(language):
            response = await get_response(request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Content-Language", language)
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    return middleware


@require_safe
@cache_control(public=True, max_age=YEAR_SECONDS, immutable=True)
def script_catalogue(request: HttpRequest, language: str) -> HttpResponse:
    """Django's JavaScript catalogue. Its address changes with its content."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    return HttpResponse(_source(language), "text/javascript; charset=utf-8")


def script_catalogue_url() -> str:
    """The address of the catalogue in the language of this page; empty for English,
    which needs none.
    """
    language = translation.get_language()
    if language == settings.LANGUAGE_CODE:
        return ""
    digest = hashlib.sha256(_source(language)).hexdigest()[:12]
    return f"{reverse('script_catalogue', args=[language])}?v={digest}"


@cache
def _source(language: str) -> bytes:
    with translation.override(language):
        view = JavaScriptCatalog(packages=[PACKAGE])
        return view.get(HttpRequest()).content
