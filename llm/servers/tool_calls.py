"""Tool calls on the wire: fragments of one are joined, definitions are written out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from common.remote.failures import Garbled
from llm.engine import Tool, ToolCall


@dataclass(frozen=True)
class ToolCallDelta:
    """A fragment of a tool call."""

    index: int | None = None
    """Which call of the answer it belongs to; None begins a new one with each name."""
    id: str = ""
    name: str = ""
    arguments: str = ""


class ToolCallAssembler:
    """Joins the fragments of an answer's tool calls."""

    def __init__(self) -> None:
        self._calls: list[_PartialCall] = []
        self.characters = 0
        """Length of all names and arguments so far."""

    def add(self, delta: ToolCallDelta) -> None:
        """Raises Garbled for a fragment that belongs to no call."""
        call = self._find(delta)
        if call is None:
            if delta.index is None and not delta.name:
                raise Garbled("sent a part of a tool call that never began")
            call = _PartialCall(delta.index)
            self._calls.append(call)
        call.id = call.id or delta.id
        # Some servers repeat the name in every fragment.
        call.name = call.name or delta.name
        call.arguments += delta.arguments
        self.characters += len(delta.name) + len(delta.arguments)

    def calls(self) -> list[ToolCall]:
        """All calls in their order. Raises Garbled for one without a name."""
        if any(not call.name for call in self._calls):
            raise Garbled("sent a tool call without a name")
        return [
            ToolCall(call.id or new_call_id(), call.name, call.arguments or "{}")
            for call in self._calls
        ]

    def _find(self, delta: ToolCallDelta) -> _PartialCall | None:
        if delta.index is None:
            return self._calls[-1] if self._calls and not delta.name else None
        for call in reversed(self._calls):
            if call.index == delta.index:
                # Some servers number every call 0; their ids tell them apart.
                is_other = bool(delta.id and call.id and delta.id != call.id)
                return None if is_other else call
        return None


@dataclass
class _PartialCall:
    index: int | None
    id: str = ""
    name: str = ""
    arguments: str = ""


def new_call_id() -> str:
    """An id for a call of a server that gives none."""
    return f"call_{uuid4().hex[:24]}"


def tool_definitions(tools: Sequence[Tool]) -> list[dict[str, object]]:
    """The tools as Ollama and OpenAI-compatible servers are told of them."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.parameters),
            },
        }
        for tool in tools
    ]
