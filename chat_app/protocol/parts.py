"""What the messages of a client of `/ws/voice` consist of."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from common.messages import Message
from llm.engine import NamedTool, ReplyOptions, Tool, ToolChoice
from tts_app.speech_request import MAX_SPEED, MIN_SPEED

LONGEST_TEXT = 8_000
MOST_TOOLS = 128


class Part(Message):
    """A part of a message."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class AudioOutput(Part):
    """What the client gets."""

    voice: str | None = Field(None, max_length=200)
    speed: float | None = Field(None, ge=MIN_SPEED, le=MAX_SPEED)


FunctionName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]


class FunctionTool(Part):
    """A function that the language model may call. The client runs it."""

    type: Literal["function"] = "function"
    name: FunctionName
    description: str = Field("", max_length=LONGEST_TEXT)
    parameters: dict[str, Any] = Field(
        default_factory=lambda: {"type": "object", "properties": {}}
    )

    def as_tool(self) -> Tool:
        return Tool(self.name, self.description, self.parameters)


class FunctionChoice(Part):
    """This function must be called."""

    type: Literal["function"] = "function"
    name: FunctionName


class ReplyFields(Part):
    """What a session and a single response choose alike."""

    output_modalities: list[Literal["audio", "text"]] | None = Field(
        None, min_length=1, max_length=1
    )
    tools: list[FunctionTool] | None = Field(None, max_length=MOST_TOOLS)
    tool_choice: Literal["auto", "none", "required"] | FunctionChoice | None = None
    max_output_tokens: int | None = Field(None, ge=1, le=100_000)
    instructions: str | None = Field(None, max_length=LONGEST_TEXT)

    @property
    def speaks(self) -> bool | None:
        modalities = self.output_modalities
        return modalities == ["audio"] if modalities is not None else None

    def applied(self, options: ReplyOptions) -> ReplyOptions:
        """The options with the changes that are given here."""
        changes: dict[str, Any] = {}
        if self.tools is not None:
            changes["tools"] = tuple(each.as_tool() for each in self.tools)
        if self.tool_choice is not None:
            changes["tool_choice"] = _choice(self.tool_choice)
        if self.max_output_tokens is not None:
            changes["max_tokens"] = self.max_output_tokens
        return replace(options, **changes)


def _choice(given: str | FunctionChoice) -> ToolChoice:
    if isinstance(given, FunctionChoice):
        return NamedTool(given.name)
    choice: ToolChoice = given  # type: ignore[assignment]
    return choice


def tools_shown(options: ReplyOptions) -> dict[str, Any]:
    """The tools as the session shows them."""
    choice: Any = options.tool_choice
    if isinstance(choice, NamedTool):
        choice = {"type": "function", "name": choice.name}
    tools = [
        {
            "type": "function",
            "name": each.name,
            "description": each.description,
            "parameters": dict(each.parameters),
        }
        for each in options.tools
    ]
    return {"tools": tools, "tool_choice": choice}
