"""What a language model takes and gives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from common.engine import Engine


@dataclass(frozen=True)
class ChatMessage:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class ReplyOptions:
    """How the reply should be made; None leaves it to the configuration."""

    model: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None


class LlmEngine(Engine, Protocol):
    """Answers a conversation, token by token."""

    @property
    def backend(self) -> str:
        """Who serves right now: `ollama`, `openai`, `embedded` or `none`."""

    @property
    def model_name(self) -> str: ...

    async def warm(self, messages: Sequence[ChatMessage]) -> None:
        """Have the model read how the next question will begin; never raises.

        Does nothing where that would cost something or help nobody.
        """

    def reply(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> AsyncIterator[str]:
        """Pieces of the answer as they are made. Leaving the loop stops the model.

        Raises LlmUnavailable, which says who was asked and how often; BadValue for
        a model that is not there, and TooLarge for a question that cannot fit.
        """
