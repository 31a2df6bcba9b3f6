"""What a client wants of one response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chat_app.conversation.options import ConversationOptions
from chat_app.core.dialogue import Dialogue, Item, chat_messages
from llm.engine import ChatMessage, ReplyOptions
from tts_app.core.engine import VoiceSettings


@dataclass(frozen=True)
class ResponseRequest:
    """What is not given is that of the conversation."""

    out_of_band: bool = False
    """Whether it stands beside the conversation, which then knows nothing of it."""
    items: tuple[Item, ...] | None = None
    """What is answered, in place of the conversation."""
    instructions: str = ""
    says: str = ""
    """This very text is the reply; no language model is asked."""
    speaks: bool | None = None
    voice: VoiceSettings | None = None
    llm: ReplyOptions | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tag: object = None
    """Whatever the endpoint wants to find again in ResponseStarted."""

    @property
    def question(self) -> str:
        """What it answers, for the records: the last that the user says in the items, or
        else the instructions."""
        said = [each.text for each in self.items or () if each.role == "user"]
        return next(filter(None, reversed(said)), self.instructions)


@dataclass(frozen=True)
class Order:
    """How one reply is made: what was asked for, completed by the conversation."""

    messages: tuple[ChatMessage, ...]
    speaks: bool
    voice: VoiceSettings
    llm: ReplyOptions
    says: str = ""
    """The text, if there is no need to ask for one."""
    out_of_band: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    tag: object = None


def order_for(
    request: ResponseRequest,
    options: ConversationOptions,
    dialogue: Dialogue,
    instructions: str,
    text: str = "",
) -> Order:
    """`instructions` are those of the conversation, and `text` is what the user has just
    said."""
    instructions = request.instructions or instructions
    if request.items is None:
        messages = dialogue.messages(instructions, text)
    else:
        messages = chat_messages(request.items, instructions, text)
    return Order(
        tuple(messages),
        options.speaks if request.speaks is None else request.speaks,
        request.voice or options.voice,
        request.llm or options.llm,
        request.says,
        request.out_of_band,
        request.metadata,
        request.tag,
    )
