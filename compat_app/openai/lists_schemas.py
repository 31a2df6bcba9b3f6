"""The lists of models and voices, in the shapes that different clients read."""

from __future__ import annotations

from typing import Literal

from ninja import Schema

CREATED = 1_735_689_600
"""2025-01-01: OpenAI's clients require a time, and a name has none here."""


class ModelOut(Schema):
    """A model or an alias of one."""

    id: str
    object: Literal["model"] = "model"
    created: int = CREATED
    owned_by: str


class VoiceOfModel(Schema):
    """A voice, as Speaches lists it."""

    name: str
    language: str


class ModelWithVoices(ModelOut):
    """A speech model with its voices, as in Speaches."""

    voices: list[VoiceOfModel] | None = None


class ModelsOut(Schema):
    """OpenAI's list."""

    object: Literal["list"] = "list"
    data: list[ModelOut]


class AudioModelsOut(ModelsOut):
    """Open WebUI reads `models`."""

    models: list[ModelOut]


class VoiceListed(Schema):
    """A voice with its language, as Open WebUI expects it."""

    id: str
    name: str
    language: str


class AudioVoicesOut(Schema):
    """Objects, or only their ids with `format=names`."""

    voices: list[VoiceListed] | list[str]
