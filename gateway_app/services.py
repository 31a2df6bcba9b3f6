"""The gateway's services in a process: configuration, access, history, figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from common.config import Config, LoadedConfig
from common.services import Services
from gateway_app.access.authentication import AccessControl, needs_key_always
from gateway_app.error_shapes import NATIVE_ONLY, ErrorShapes
from gateway_app.health import ServerHealth
from gateway_app.history.records import HistoryWriter
from gateway_app.keys.directory import DatabaseKeys
from gateway_app.monitor.figures import Figures
from gateway_app.monitor.monitor import Monitor
from gateway_app.requests import scope_of
from gateway_app.sockets.sessions import SessionRegistry
from gateway_app.usage.meter import Meter


@dataclass(frozen=True)
class GatewayServices:
    """The services that every endpoint uses, whatever else runs in this process."""

    loaded: LoadedConfig
    access: AccessControl
    sessions: SessionRegistry
    history: HistoryWriter
    health: ServerHealth
    figures: Figures
    monitor: Monitor
    meter: Meter
    error_shapes: ErrorShapes = NATIVE_ONLY
    stored_keys: DatabaseKeys | None = None
    """None if the keys of the database are not used here."""

    @property
    def config(self) -> Config:
        return self.loaded.config

    @property
    def needs_key(self) -> bool:
        """Whether callers need a key or a session, as pages tell their visitors."""
        stored = self.stored_keys is not None and self.stored_keys.any_key
        return stored or bool(self.config.api_keys) or needs_key_always(self.config)


def gateway_services(scope: Mapping[str, Any]) -> GatewayServices:
    """The gateway's services, from the scope of a request or a socket."""
    services: Services = scope["state"]
    return services[GatewayServices]


def find_gateway_services(request: HttpRequest) -> GatewayServices | None:
    """The same for a request; None if it did not come through the application."""
    services: Services | None = scope_of(request).get("state")
    return services.get(GatewayServices) if services is not None else None
