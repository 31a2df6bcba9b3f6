"""The gateway's pages: home, monitor, configuration, API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from gateway_app.access.routes import lists_are_public
from gateway_app.pages.client_settings import ServerAddress, client_settings
from gateway_app.pages.message_docs import SocketDoc
from gateway_app.pages.part_names import part_name
from gateway_app.pages.shown_settings import shown_groups
from gateway_app.requests import scope_of
from gateway_app.services import gateway_services

STATE_WORDS = {
    "ready": _("Ready"),
    "loading": _("Loading"),
    "degraded": _("Degraded"),
    "down": _("Down"),
    "waiting": _("Checking"),
}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The home page: the server, its state, and links to the pages."""
    config = gateway_services(scope_of(request)).config
    known = addresses(request)
    speaks_and_hears = known["has_stt"] and known["has_tts"]
    context = {
        "parts": _parts(request),
        "engines_are_here": (config.stt_engine, config.tts_engine)
        == ("whisper", "piper"),
        "has_talk": speaks_and_hears and config.llm_backend != "none",
        **known,
    }
    return render(request, "home.html", context)


@require_safe
def monitor(request: HttpRequest) -> HttpResponse:
    """The monitor page; its figures arrive over `/ws/monitor`."""
    return render(request, "monitor.html", {"parts": _parts(request)})


@require_safe
def configuration(request: HttpRequest) -> HttpResponse:
    """Every setting, its source, and how to change it."""
    loaded = gateway_services(scope_of(request)).loaded
    groups = shown_groups(loaded)
    changed = sum(row.changed for group in groups for row in group.settings)
    context = {
        "groups": groups,
        "changed": changed,
        "total": sum(len(group.settings) for group in groups),
        "config_path": loaded.path,
        "warnings": loaded.warnings,
    }
    return render(request, "configuration.html", context)


@require_safe
def api_page(request: HttpRequest, sockets: Sequence[SocketDoc] = ()) -> HttpResponse:
    """The HTTP interface and the WebSocket messages, with examples to copy."""
    known = addresses(request)
    config = gateway_services(scope_of(request)).config
    address = ServerAddress(
        listen_url=known["stt_url"],
        speak_url=known["tts_url"],
        needs_key=known["needs_key"],
        wyoming_port=config.wyoming_port,
    )
    context = {
        "sockets": sockets,
        "clients": client_settings(address, config),
        "openai_api": config.openai_api,
        "public_lists": lists_are_public(config),
    }
    return render(request, "api.html", {**context, **known})


def addresses(request: HttpRequest) -> dict[str, Any]:
    """This server's addresses as the caller sees them, for the examples."""
    gateway = gateway_services(scope_of(request))
    config = gateway.config
    has_stt, has_tts = gateway.health.has("whisper"), gateway.health.has("piper")
    host = request.get_host()
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    secure = "s" if request.is_secure() else ""
    # With `serve --split` the two services have their own ports, and with `root_path`
    # a proxy gives both of them one address.
    root = config.root_path
    stt_host = host if has_stt or root else f"{name}:{config.stt_port}"
    tts_host = host if has_tts or root else f"{name}:{config.tts_port}"
    return {
        "has_stt": has_stt,
        "has_tts": has_tts,
        "stt_url": f"http{secure}://{stt_host}{root}",
        "stt_socket_url": f"ws{secure}://{stt_host}{root}",
        "tts_url": f"http{secure}://{tts_host}{root}",
        "needs_key": gateway.needs_key,
    }


def _parts(request: HttpRequest) -> list[dict[str, Any]]:
    """The engines of this process; the page adds the rest from `/health`."""
    found = gateway_services(scope_of(request)).health.parts()
    shown = {name: (part.state.value, part.summary) for name, part in found.items()}
    shown |= {"database": ("waiting", ""), "disk": ("waiting", "")}
    return [
        {
            "state": state,
            "summary": summary,
            "label": part_name(name),
            "state_word": STATE_WORDS[state],
        }
        for name, (state, summary) in shown.items()
    ]
