"""Messages and tool calls as Ollama's chat interface writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from llm.engine import ChatMessage, FinishReason, ToolCall
from llm.servers.dialect import as_mapping
from llm.servers.tool_calls import ToolCallDelta

_OPENING_AT_THE_END = re.compile(
    r"<(?:think|thinking|thought|reasoning)>(?:\s|\\n|{{[^{}]*}})*\Z", re.IGNORECASE
)
"""Template actions, such as `{{ end }}`, and line feeds may follow it."""


def plain_messages(messages: Sequence[ChatMessage]) -> list[dict[str, Any]]:
    """The conversation as Ollama takes it."""
    names: dict[str, str] = {}
    plain = []
    for message in messages:
        # A later answer may reuse the id of an earlier call.
        names.update((call.id, call.name) for call in message.tool_calls)
        plain.append(_message(message, names))
    return plain


def _message(message: ChatMessage, names: Mapping[str, str]) -> dict[str, Any]:
    """`names` gives the tool of each call: Ollama knows results by it."""
    plain: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        plain["tool_calls"] = [
            {
                "id": call.id,
                "function": {
                    "index": index,
                    "name": call.name,
                    "arguments": _arguments(call),
                },
            }
            for index, call in enumerate(message.tool_calls)
        ]
    if message.role == "tool":
        plain["tool_call_id"] = message.tool_call_id
        plain["tool_name"] = names.get(message.tool_call_id, "")
    return plain


def _arguments(call: ToolCall) -> dict[str, Any]:
    """Ollama takes an object only; what another model wrote need not be one."""
    try:
        return as_mapping(json.loads(call.arguments_json))
    except ValueError:
        return {}


def tool_call_deltas(message: dict[str, Any]) -> tuple[ToolCallDelta, ...]:
    """The calls of a line: Ollama sends each of them whole."""
    calls = message.get("tool_calls")
    if not isinstance(calls, list):
        return ()
    deltas = []
    for call in map(as_mapping, calls):
        function = as_mapping(call.get("function"))
        arguments = json.dumps(function.get("arguments") or {}, ensure_ascii=False)
        name = str(function.get("name") or "")
        call_id = str(call.get("id") or "")
        deltas.append(ToolCallDelta(None, call_id, name, arguments))
    return tuple(deltas)


def opens_reasoning(template: object) -> bool:
    """Whether the last text of a model's chat template is an opening reasoning tag."""
    return isinstance(template, str) and bool(_OPENING_AT_THE_END.search(template))


def finish_reason(value: dict[str, Any]) -> FinishReason | None:
    """Why the answer ended with this line; None when it goes on."""
    if value.get("done") is not True:
        return None
    reason = value.get("done_reason", "stop")
    return reason if reason in ("stop", "length") else "unknown"
