"""What a browser needs to install the pages as an app: name, icons, where they begin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from common.product import NAME

CONTENT_TYPE = "application/manifest+json"


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """The web app manifest (W3C). Chromium needs no service worker beside it."""
    home = reverse("home")
    content = {
        "name": NAME,
        "short_name": NAME,
        "description": gettext("Speech to text and text to speech on your own server."),
        "id": home,
        "start_url": home,
        "scope": home,
        "display": "standalone",
        "theme_color": "#0f5c7a",
        "background_color": "#f5f5f2",
        "icons": [
            _icon("icon-192.png", "192x192"),
            _icon("icon-512.png", "512x512"),
            _icon("icon-maskable-512.png", "512x512", purpose="maskable"),
            _icon("favicon.svg", "any", kind="image/svg+xml"),
        ],
        "shortcuts": [
            {"name": gettext("Speak"), "url": reverse("speak")},
            {"name": gettext("Listen"), "url": reverse("listen")},
            {"name": gettext("Talk"), "url": reverse("talk")},
        ],
    }
    return JsonResponse(content, content_type=CONTENT_TYPE)


def _icon(
    file: str, sizes: str, *, kind: str = "image/png", purpose: str = "any"
) -> dict[str, Any]:
    address = static(f"img/{file}")
    return {"src": address, "sizes": sizes, "type": kind, "purpose": purpose}
