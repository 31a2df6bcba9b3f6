"""The gateway as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "gateway_app"
    verbose_name = "Requests"
