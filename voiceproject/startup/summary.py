"""The summary that the server prints after its start."""

from __future__ import annotations

from django.conf import settings
from django.db import connection

from common.product import NAME, VERSION
from common.services import Services
from compat_app.wyoming.server import WyomingServer
from gateway_app.pages.part_names import part_name
from gateway_app.services import GatewayServices
from stt_app.services import ListeningServices

_MARKS = {"ready": "ok", "degraded": "partly", "loading": "loading", "down": "missing"}


def summary(services: Services, host: str, port: int, seconds: float) -> str:
    """A few aligned lines for the terminal."""
    gateway = services[GatewayServices]
    loaded = gateway.loaded
    rows = [
        *_addresses(services, f"{url(host, port)}{loaded.config.root_path}"),
        *_parts(services),
        ("Database", _database()),
    ]
    rows.append(("Access", _access(gateway)))
    if wyoming := services.get(WyomingServer):
        rows.append(("Wyoming", wyoming.summary))
    if loaded.path is not None:
        rows.append(("Configuration", str(loaded.path)))
    width = max(len(title) for title, _ in rows)
    lines = [f"  {title:<{width}}  {text}" for title, text in rows]
    ready = f"{NAME} {VERSION} is ready after {seconds:.1f} s."
    return "\n".join([ready, *lines, "Ctrl-C stops it."])


def facts(services: Services) -> dict[str, str]:
    """The same for a structured log."""
    parts = services[GatewayServices].health.parts()
    found = {
        name: f"{each.state.value}: {each.summary}" for name, each in parts.items()
    }
    if wyoming := services.get(WyomingServer):
        found["wyoming"] = wyoming.summary
    return found


def url(host: str, port: int) -> str:
    """The address of a server that listens there, for a browser on this machine."""
    host = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{port}"


def _addresses(services: Services, address: str) -> list[tuple[str, str]]:
    rows = [("Pages and HTTP", f"{address}/")]
    if services.get(ListeningServices) is not None:
        rows.append(("WebSocket", f"{address.replace('http', 'ws', 1)}/ws/stt"))
    return rows


def _parts(services: Services) -> list[tuple[str, str]]:
    rows = []
    for name, part in services[GatewayServices].health.parts().items():
        mark = _MARKS[part.state.value]
        text = part.summary if mark == "ok" else f"{mark}: {part.summary}"
        rows.append((part_name(name), text))
    return rows


def _database() -> str:
    if connection.vendor == "sqlite":
        return f"SQLite, {settings.DATABASES['default']['NAME']}"
    return f"{connection.display_name}, {settings.DATABASES['default']['HOST']}"


def _access(gateway: GatewayServices) -> str:
    stored = gateway.stored_keys is not None and gateway.stored_keys.any_key
    configured = len(gateway.config.api_keys)
    places = [f"{configured} in the configuration"] if configured else []
    places += ["in the database (`manage.py keys list`)"] if stored else []
    if places:
        return f"API keys {' and '.join(places)}"
    if gateway.needs_key:
        return "closed: there is no API key (`manage.py keys create` makes one)"
    return "open to everyone who can reach this address (no API key)"
