"""Common parts of the admin's voice pages: permissions and errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse

from common.errors import VoiceError
from gateway_app.requests import accepts_html
from gateway_app.responses import error_response

Allowed = Callable[[HttpRequest], bool]
AsyncView = Callable[..., Coroutine[Any, Any, HttpResponseBase]]


class VoicePages:
    """Admin pages for users that `may_bring` allows."""

    def __init__(self, may_bring: Allowed, site: Any) -> None:
        self._may_bring = may_bring
        self._site = site

    def guarded(
        self, work: Callable[[HttpRequest], Awaitable[HttpResponseBase]]
    ) -> AsyncView:
        """The view with its permission check, and errors in our format."""

        @wraps(work)
        async def view(request: HttpRequest) -> HttpResponseBase:
            user = await request.auser()
            if not user.is_authenticated and accepts_html(request):
                return redirect_to_login(request.get_full_path())
            if not await sync_to_async(self._may_bring)(request):
                raise PermissionDenied
            try:
                return await work(request)
            except VoiceError as error:
                return error_response(request, error)

        return view

    async def shown(
        self, request: HttpRequest, template: str, title: str, **context: Any
    ) -> HttpResponseBase:
        """A page inside of the admin's frame."""
        frame = await sync_to_async(self._site.each_context)(request)
        return TemplateResponse(request, template, {**frame, "title": title, **context})
