"""What the frame of every page shows, also of error pages, which have no context."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import HttpRequest

from gateway_app.pages.context import site

register = template.Library()


@register.simple_tag(takes_context=True)
def frame(context: template.Context) -> str:
    """Puts the pages, the languages and the version into the context."""
    request: HttpRequest | None = context.get("request")
    found: dict[str, Any] = site(request)
    for name, value in found.items():
        context[name] = value
    return ""
