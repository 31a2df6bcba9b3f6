"""The options of the `http` speech-to-text engine."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from common.remote.options import RemoteOptions

SETTING = "stt_engine_options"


class RemoteSttOptions(RemoteOptions):
    """`stt_engine_options` for `stt_engine: http`."""

    model: str = Field(
        "whisper-1", min_length=1, description="Model to ask for by default."
    )
    models: list[str] = Field(
        [],
        description="Further models that a request may choose. Empty: those that the server lists and marks as such.",
    )
    file_timeout_seconds: float = Field(
        600.0,
        gt=0,
        le=86_400,
        description="Longest wait for the text of a part of a recording, which comes after all live speech.",
    )
    extra: Mapping[str, str | int | float | bool | list[str]] = Field(
        {}, description=RemoteOptions.model_fields["extra"].description
    )
