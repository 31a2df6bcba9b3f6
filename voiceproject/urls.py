"""Which view answers which address."""

from __future__ import annotations

from django.contrib import admin
from django.templatetags.static import static
from django.urls import path
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from chat_app import pages as chat_pages
from gateway_app.pages import views as gateway_pages
from gateway_app.pages.language import script_catalogue
from gateway_app.pages.manifest import manifest
from stt_app import pages as stt_pages
from tts_app import pages as tts_pages
from voiceproject.api import api
from voiceproject.docs.sockets import SOCKETS

_icon = RedirectView.as_view(url=static("img/favicon.svg"))

urlpatterns = [
    path("favicon.ico", require_safe(_icon), name="favicon"),
    path("manifest.webmanifest", manifest, name="manifest"),
    path("", gateway_pages.home, name="home"),
    path("speak/", tts_pages.speak, name="speak"),
    path("voices/gallery/", tts_pages.voice_gallery, name="voice_gallery"),
    path("listen/", stt_pages.listen, name="listen"),
    path("talk/", chat_pages.talk, name="talk"),
    path("monitor/", gateway_pages.monitor, name="monitor"),
    path("configuration/", gateway_pages.configuration, name="configuration"),
    path("api/", gateway_pages.api_page, {"sockets": SOCKETS}, name="api_page"),
    path("i18n/<slug:language>.js", script_catalogue, name="script_catalogue"),
    path("admin/", admin.site.urls),
    path("", api.urls),
]
