"""`manage.py check`: problems of the configuration, as Django system checks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning as CheckWarning

from common.config import LoadedConfig
from common.config.production import production_problems

IDS = {
    "secret_key": "voice.E001",
    "allowed_hosts": "voice.E002",
    "api_keys": "voice.E003",
}


def configuration_checks(**_: Any) -> list[CheckMessage]:
    """The configuration that this process was started with."""
    return check_messages(settings.VOICE)


def check_messages(loaded: LoadedConfig) -> list[CheckMessage]:
    """Errors that prevent production, then warnings about keys without effect."""
    errors: list[CheckMessage] = [
        Error(problem.message, id=IDS[problem.setting])
        for problem in production_problems(loaded.config)
    ]
    warnings = [CheckWarning(text, id="voice.W001") for text in loaded.warnings]
    return [*errors, *warnings]
