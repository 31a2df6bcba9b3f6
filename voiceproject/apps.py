"""The project as a Django app, with its commands and system checks."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register

from voiceproject.checks import configuration_checks


class VoiceProjectConfig(AppConfig):
    name = "voiceproject"

    def ready(self) -> None:
        register(configuration_checks)
