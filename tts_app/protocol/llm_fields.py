"""The fields of a request that are about the language model."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, StrictInt, StringConstraints

from llm.engine import ReplyOptions


def _on_one_line(given: str) -> str:
    if not given.isprintable():
        raise ValueError("may not contain control characters")
    return given


ConversationId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128),
    AfterValidator(_on_one_line),
]
ModelName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(_on_one_line),
]


class LlmFields(BaseModel):
    """None leaves it to the configuration."""

    conversation_id: ConversationId | None = Field(
        None,
        description="What was said before with the same id is part of the question. "
        "It is forgotten after `conversation_expire_seconds`, or by "
        "`DELETE /tts/conversations/ID`.",
    )
    model: ModelName | None = Field(
        None,
        description="Another model of the same server, instead of the configured one.",
    )
    max_tokens: StrictInt | None = Field(
        None,
        description="Maximum length of the answer in tokens; at most `llm_max_tokens`.",
        ge=1,
    )
    temperature: float | None = Field(
        None,
        description="Sampling temperature: 0 always takes the likeliest token, 2 is the most random.",
        ge=0,
        le=2,
        allow_inf_nan=False,
    )
    top_p: float | None = Field(
        None,
        description="Nucleus sampling: consider only the likeliest tokens with this total probability.",
        gt=0,
        le=1,
        allow_inf_nan=False,
    )
    seed: StrictInt | None = Field(
        None,
        description="The same seed and question give the same answer, where the "
        "server can do that.",
        ge=0,
        le=2**31 - 1,
    )

    def options(self) -> ReplyOptions:
        """Those that the model itself takes."""
        return ReplyOptions(
            model=self.model or "",
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            top_p=self.top_p,
            seed=self.seed,
        )
