"""`manage.py check`: problems of the configuration, as Django system checks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning as CheckWarning

from common.config import LoadedConfig
from common.config.production import production_problems
from gateway_app.keys.presence import any_key_is_stored

IDS = {
    "secret_key": "voice.E001",
    "allowed_hosts": "voice.E002",
    "api_keys": "voice.E003",
}


def configuration_checks(**_: Any) -> list[CheckMessage]:
    """The configuration that this process was started with."""
    loaded: LoadedConfig = settings.VOICE
    asks = loaded.config.is_production and not loaded.config.api_keys
    return check_messages(loaded, asks and any_key_is_stored())


def check_messages(loaded: LoadedConfig, has_keys: bool = False) -> list[CheckMessage]:
    """Errors that prevent production, then warnings about keys without effect."""
    errors: list[CheckMessage] = [
        Error(problem.message, id=IDS[problem.setting])
        for problem in production_problems(loaded.config, has_keys)
    ]
    warnings = [CheckWarning(text, id="voice.W001") for text in loaded.warnings]
    return [*errors, *warnings]
