"""What the speech-to-text doors share within a process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.services import Services
from stt_app.core.endpointing.vad import SileroVad
from stt_app.core.engine import SttEngine
from stt_app.core.engine_load import Load
from stt_app.resume.streams import Streams


@dataclass(frozen=True)
class ListeningServices:
    """What turns speech into text; absent in a process that only speaks."""

    engine: SttEngine
    vad: SileroVad
    load: Load
    streams: Streams


def listening_services(scope: Mapping[str, Any]) -> ListeningServices:
    """The services that listen. Raises KeyError where none run."""
    services: Services = scope["state"]
    return services[ListeningServices]
