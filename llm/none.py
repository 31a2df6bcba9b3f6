"""No language model: texts are spoken as given."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from common.engine import PartHealth, PartState
from common.errors import LlmUnavailable
from llm.engine import ChatMessage, ReplyOptions

_SENTENCE = (
    "There is no language model (`llm_backend` is `none`): "
    'send `"llm": false` to have the text itself spoken.'
)


class NoLlm:
    """Refuses every conversation, and says how to do without."""

    backend = "none"
    model_name = ""

    def __init__(self, settings: object = None) -> None:
        """Takes what every engine takes; there is nothing to set."""

    async def start(self) -> None:
        """Nothing to load."""

    async def stop(self) -> None:
        """Nothing to free."""

    def health(self) -> PartHealth:
        details = {"backend": self.backend, "model": "", "circuit": "off"}
        return PartHealth(PartState.DEGRADED, _SENTENCE, details)

    async def warm(self, messages: Sequence[ChatMessage]) -> None:
        """There is nobody to read it."""

    async def reply(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> AsyncIterator[str]:
        for piece in _refuse():
            yield piece


def _refuse() -> Sequence[str]:
    raise LlmUnavailable(_SENTENCE)
