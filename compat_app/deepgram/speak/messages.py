"""The messages of `WS /v1/speak`.

Their fields are those of `deepgram.speak.v1.types` in deepgram-sdk 7.17.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from common.text_cleaning import clean_text


def _cleaned(given: Any) -> Any:
    return clean_text(given) if isinstance(given, str) else given


class _Client(BaseModel):
    """A message of a client; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Speak(_Client):
    """Text to speak. All texts up to the next `Flush` form one text; speech begins as soon as a clause is complete."""

    type: Literal["Speak"] = "Speak"
    text: Annotated[str, BeforeValidator(_cleaned)] = Field(
        description="The text, or a part of it.", examples=["Hello, "]
    )


class Flush(_Client):
    """The text is complete: speak the rest of it. Answered with `Flushed` after its audio."""

    type: Literal["Flush"] = "Flush"


class Clear(_Client):
    """Stop speaking and drop all text. Answered with `Cleared`; no older audio follows."""

    type: Literal["Clear"] = "Clear"


class Close(_Client):
    """Speak the remaining text, then close with 1000."""

    type: Literal["Close"] = "Close"


CLIENT_MESSAGES = (Speak, Flush, Clear, Close)
ClientMessage = Speak | Flush | Clear | Close
_Tagged = Annotated[ClientMessage, Field(discriminator="type")]
CLIENT_FAMILY: TypeAdapter[Any] = TypeAdapter(_Tagged)


class Metadata(BaseModel):
    """The voice. Sent first."""

    # The fields' names are the API's.
    model_config = ConfigDict(protected_namespaces=())

    type: Literal["Metadata"] = "Metadata"
    request_id: str = Field(
        description="Identifies the connection in logs and the history."
    )
    model_name: str = Field(description="The voice.", examples=["en_US-joe-medium"])
    model_version: str = Field(description="Always `1.0.0`.", examples=["1.0.0"])
    model_uuid: str = Field(description="A UUID that is the same for the same voice.")


class Flushed(BaseModel):
    """All audio of the text before a `Flush` has been sent."""

    type: Literal["Flushed"] = "Flushed"
    sequence_id: int = Field(
        description="Counts `Flushed` and `Cleared` messages from 0.", examples=[0]
    )


class Cleared(BaseModel):
    """The text before a `Clear` was dropped."""

    type: Literal["Cleared"] = "Cleared"
    sequence_id: int = Field(
        description="Counts `Flushed` and `Cleared` messages from 0.", examples=[1]
    )


class Warning(BaseModel):
    """A text, or a part of it, was not spoken. The connection stays open."""

    type: Literal["Warning"] = "Warning"
    description: str = Field(description="One sentence for a human reader.")
    code: str = Field(
        description="The server's code for the reason.", examples=["TOO_LARGE"]
    )


class Error(BaseModel):
    """Something went wrong. The connection stays open unless a close follows."""

    type: Literal["Error"] = "Error"
    description: str = Field(description="One sentence for a human reader.")
    code: str = Field(
        description="The server's code for the error.", examples=["BAD_VALUE"]
    )


SERVER_MESSAGES = (Metadata, Flushed, Cleared, Warning, Error)
