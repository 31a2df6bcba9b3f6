"""How the Deepgram API names models and moments."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from pydantic import BaseModel

MODEL_VERSION = "1.0.0"
"""Models here have no versions of their own."""


class ModelInfo(BaseModel):
    """The model that wrote the transcript."""

    name: str
    version: str
    arch: str


def model_info(name: str) -> ModelInfo:
    """The description of a speech-to-text model."""
    return ModelInfo(name=name, version=MODEL_VERSION, arch="whisper")


def model_uuid(name: str) -> str:
    """A UUID that is the same for the same model everywhere."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"model:{name}"))


def now() -> str:
    """The time in UTC as the API writes it: `2026-11-28T09:30:00.000Z`."""
    moment = datetime.now(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
