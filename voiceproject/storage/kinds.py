"""All personal data that the server keeps."""

from __future__ import annotations

from django.db import DEFAULT_DB_ALIAS

from chat_app.history.kept import kept_by_conversation
from common.config import Config
from gateway_app.retention.kept import Kept
from gateway_app.retention.kinds import kept_by_gateway
from stt_app.resume.kept import kept_by_listening
from tts_app.retention.kinds import kept_by_speech


def kept_data(config: Config, database: str = DEFAULT_DB_ALIAS) -> list[Kept]:
    """The list of every package, in the order in which it is shown. A package that
    keeps something new adds it to its own."""
    return [
        *kept_by_gateway(config, database),
        *kept_by_speech(config, database),
        *kept_by_listening(config),
        *kept_by_conversation(config, database),
    ]
