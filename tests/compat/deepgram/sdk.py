"""The types of the official SDK, deepgram-sdk 7.17: what it can read is right.

Every message of the server is parsed with the class that the SDK has for its `type`
(`deepgram/listen/v1/types`, `deepgram/listen/v2/types`, `deepgram/speak/v1/types`).
"""

from __future__ import annotations

from typing import Any

from deepgram.listen.v1 import types as listen
from deepgram.listen.v2 import types as flux
from deepgram.speak.v1 import types as speak
from pydantic import BaseModel

Classes = dict[str, type[BaseModel]]

LISTEN: Classes = {
    "Results": listen.ListenV1Results,
    "Metadata": listen.ListenV1Metadata,
    "SpeechStarted": listen.ListenV1SpeechStarted,
    "UtteranceEnd": listen.ListenV1UtteranceEnd,
    "ConfigureSuccess": listen.ListenV1ConfigureSuccess,
    "ConfigureFailure": listen.ListenV1ConfigureFailure,
    "Error": listen.ListenV1Error,
}
FLUX: Classes = {
    "Connected": flux.ListenV2Connected,
    "TurnInfo": flux.ListenV2TurnInfo,
    "ConfigureSuccess": flux.ListenV2ConfigureSuccess,
    "ConfigureFailure": flux.ListenV2ConfigureFailure,
    "Warning": flux.ListenV2Warning,
    "Error": flux.ListenV2FatalError,
}
SPEAK: Classes = {
    "Metadata": speak.SpeakV1Metadata,
    "Flushed": speak.SpeakV1Flushed,
    "Cleared": speak.SpeakV1Cleared,
    "Warning": speak.SpeakV1Warning,
}
"""The SDK has no class for an `Error` of `/v1/speak`."""

FURTHER = {"models", "model_info", "retry_after"}
"""Fields without a place in the classes. The first two are in the documentation's
`Metadata` (https://developers.deepgram.com/docs/close-stream)."""


def check(message: dict[str, Any], classes: Classes) -> None:
    """Parse a message strictly; the SDK itself would forgive wrong types."""
    parsed = classes[message["type"]].model_validate(message, strict=True)
    assert set(parsed.model_extra or ()) <= FURTHER
