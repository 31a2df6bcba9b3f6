"""What a language model takes and gives."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from common.engine import Engine, EngineStats
from common.errors import BadValue

FinishReason = Literal[
    "stop", "tool_calls", "length", "time_limit", "content_filter", "unknown"
]


@dataclass(frozen=True)
class ToolCall:
    """The model wants a function to be called."""

    id: str
    """Unique; the message with the result repeats it."""
    name: str
    arguments_json: str
    """As the model wrote them: meant to be a JSON object, not checked."""


@dataclass(frozen=True)
class ChatMessage:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    """What the assistant called in this turn."""
    tool_call_id: str = ""
    """With the role `tool`: the call whose result the content is."""


@dataclass(frozen=True)
class Tool:
    """A function that the model may call."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    """JSON schema of its arguments, an object."""


@dataclass(frozen=True)
class NamedTool:
    """A choice of tool: this one must be called."""

    name: str


ToolChoice: TypeAlias = Literal["auto", "none", "required"] | NamedTool


@dataclass(frozen=True)
class ReplyOptions:
    """How the reply should be made; what is not given is left to the configuration."""

    model: str = ""
    """One of the names in `stats().offers`; empty is the configured model."""
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = "auto"


@dataclass(frozen=True)
class TextDelta:
    """The next piece of the answer's text; never empty, never reasoning."""

    text: str


@dataclass(frozen=True)
class TokenUsage:
    """What an answer cost, as the server counted it."""

    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True)
class Finished:
    """The answer is complete; always the last event."""

    reason: FinishReason
    """`length`: a limit of tokens or characters cut it. `time_limit`: time ran out."""
    model: str
    """Who answered."""
    usage: TokenUsage | None = None
    """None when the server did not say."""


LlmEvent: TypeAlias = TextDelta | ToolCall | Finished


class LlmEngine(Engine, Protocol):
    """Answers a conversation, token by token."""

    @property
    def backend(self) -> str:
        """Who serves right now: `ollama`, `openai`, `embedded`, `none`, or a name of its own."""

    @property
    def model_name(self) -> str:
        """The model that answers when a request names none."""

    @property
    def usable(self) -> bool:
        """Whether a request made now is likely to be answered, without waiting."""

    @property
    def takes_tools(self) -> bool:
        """Whether requests may carry tools."""

    def offers(self, model: str) -> bool:
        """Whether it can answer as that model now, as far as it knows."""

    def stats(self) -> EngineStats:
        """What it is doing right now. `offers` names the models that it knows of."""

    async def warm(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> None:
        """Have the model read how the next question will begin; never raises.

        `options` are those of the question: its model and tools are read too.
        Does nothing where that would cost money or help nobody.
        """

    def reply(
        self, messages: Sequence[ChatMessage], options: ReplyOptions = ReplyOptions()
    ) -> AsyncGenerator[LlmEvent, None]:
        """The answer as it is made. Closing the generator stops the model.

        Text comes first, then the tool calls, each whole, then `Finished`. An answer
        that was cut short brings no tool calls.

        Raises LlmUnavailable, which says who was asked and how often; BadValue for
        an unknown model, and for tools where it takes none; and TooLarge for a
        question that cannot fit.
        """


async def text_deltas(
    events: AsyncGenerator[LlmEvent, None],
) -> AsyncGenerator[str, None]:
    """Only the text of an answer. Raises what `reply` raises."""
    async with aclosing(events):
        async for event in events:
            if isinstance(event, TextDelta):
                yield event.text


def check_tools(options: ReplyOptions, takes_tools: bool, engine_title: str) -> None:
    """Raises BadValue for tools that the engine does not take, or a choice of none."""
    if options.tools and not takes_tools:
        raise BadValue(f"{engine_title} takes no `tools`.", field="tools")
    choice = options.tool_choice
    if choice == "required" and not options.tools:
        raise BadValue(
            "`tool_choice` is `required`, but there are no `tools`.",
            field="tool_choice",
        )
    names = [tool.name for tool in options.tools]
    if isinstance(choice, NamedTool) and choice.name not in names:
        known = ", ".join(f"`{name}`" for name in names) or "none"
        raise BadValue(
            f"`tool_choice` names `{choice.name}`; the tools are: {known}.",
            field="tool_choice",
        )
