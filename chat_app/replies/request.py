"""The options of one response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chat_app.conversation.options import ConversationOptions
from chat_app.core.dialogue import Dialogue, Item, chat_messages
from llm.engine import ChatMessage, ReplyOptions
from tts_app.core.engine import VoiceSettings


@dataclass(frozen=True)
class ResponseRequest:
    """The options that a client gives; the conversation completes them."""

    out_of_band: bool = False
    """Whether it is not part of the conversation."""
    items: tuple[Item, ...] | None = None
    """The items to answer in place of the conversation."""
    instructions: str = ""
    says: str = ""
    """The text of the reply; no language model is asked."""
    speaks: bool | None = None
    voice: VoiceSettings | None = None
    llm: ReplyOptions | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tag: object = None
    """Opaque to the engine: the endpoint gets it back in ResponseStarted."""

    @property
    def question(self) -> str:
        """The question for the records: the last text of the user in the items, or else
        the instructions."""
        said = [each.text for each in self.items or () if each.role == "user"]
        return next(filter(None, reversed(said)), self.instructions)


@dataclass(frozen=True)
class ReplySpec:
    """Everything that decides how one reply is made."""

    messages: tuple[ChatMessage, ...]
    speaks: bool
    voice: VoiceSettings
    llm: ReplyOptions
    says: str = ""
    """The text of the reply, if the language model is not asked."""
    out_of_band: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    tag: object = None


def reply_spec(
    request: ResponseRequest,
    options: ConversationOptions,
    dialogue: Dialogue,
    text: str = "",
) -> ReplySpec:
    """A request completed by the conversation: by its options, and by `text`, what the
    user has just said."""
    instructions = request.instructions or options.instructions
    if request.items is None:
        messages = dialogue.messages(instructions, text)
    else:
        messages = chat_messages(request.items, instructions, text)
    return ReplySpec(
        tuple(messages),
        options.speaks if request.speaks is None else request.speaks,
        request.voice or options.voice,
        request.llm or options.llm,
        request.says,
        request.out_of_band,
        request.metadata,
        request.tag,
    )
