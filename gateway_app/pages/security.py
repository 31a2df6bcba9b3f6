"""What browsers may do with a page, and what they may keep of it."""

from __future__ import annotations

from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase

from gateway_app.requests import ADMIN


class PageSecurityMiddleware(CSPMiddleware):
    """A strict content security policy, relaxed only for the admin."""

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith(ADMIN):
            # The admin's theme compiles the expressions of its templates in the
            # browser, and sets widths in `style` attributes.
            parts.update = {
                "script-src": ["'unsafe-eval'"],
                "style-src-attr": ["'unsafe-inline'"],
            }
        return parts

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        response["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=()"
        if response.get("Content-Type", "").startswith("text/html"):
            # Pages show texts and settings: no cache on the way keeps them.
            response.headers.setdefault("Cache-Control", "no-store")
        return super().process_response(request, response)
