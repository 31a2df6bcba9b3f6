"""No language model: texts are spoken as given."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from common.engine import EngineStats, PartHealth, PartState
from common.errors import LlmUnavailable
from llm.engine import ChatMessage, LlmEvent, ReplyOptions

_SENTENCE = (
    "There is no language model (`llm_backend` is `none`): "
    'send `"llm": false` to have the text itself spoken.'
)


class NoLlm:
    """Refuses every conversation, and says how to do without."""

    backend = "none"
    model_name = ""
    usable = False
    takes_tools = False

    def __init__(self, settings: object = None) -> None:
        """Takes what every engine takes; there is nothing to set."""

    async def start(self) -> None:
        """Nothing to load."""

    async def stop(self) -> None:
        """Nothing to free."""

    def health(self) -> PartHealth:
        details = {"backend": self.backend, "model": "", "circuit": "off"}
        return PartHealth(PartState.DEGRADED, _SENTENCE, details)

    def stats(self) -> EngineStats:
        return EngineStats()

    def offers(self, model: str) -> bool:
        return False

    async def warm(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> None:
        """There is nobody to read it."""

    async def reply(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> AsyncGenerator[LlmEvent, None]:
        """Raises LlmUnavailable."""
        for event in _refuse():
            yield event


def _refuse() -> Sequence[LlmEvent]:
    raise LlmUnavailable(_SENTENCE)
