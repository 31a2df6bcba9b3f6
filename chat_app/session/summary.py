"""Decides when the oldest items of a conversation are summarised, and builds the prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chat_app.core.dialogue import Dialogue, Item, Summary
from llm.engine import ChatMessage
from llm.servers.context import MESSAGE_TOKENS, answer_budget, estimate_tokens

KEPT_SHARE = 0.5
"""The share of the limits that stays verbatim after a summary. If all of it stayed, each
turn would need another summary."""
_INSTRUCTIONS = (
    "You keep the memory of a voice assistant. Summarise the conversation below in at "
    "most {words} words, in {language}: names, facts, numbers, wishes and decisions of "
    "the user, what the assistant promised, and what is still open. Plain sentences "
    "only. Write the summary and nothing else."
)
_WORDS_A_TOKEN = 0.6
_PROMPT_TOKENS = 200
"""An upper estimate of the length of these instructions."""


@dataclass(frozen=True)
class SummaryLimits:
    """The limits of a conversation, in estimated tokens."""

    tokens: int = 0
    """Above this the oldest items are summarised; 0 means never."""
    source_tokens: int = 3_000
    """The longest text to summarise at once."""
    summary_tokens: int = 200
    idle_seconds: float = 1.0
    """How long nobody must have spoken before a summary begins."""


@dataclass(frozen=True)
class Plan:
    """One summary that is due."""

    items: tuple[Item, ...]
    """The oldest items, which the summary replaces together with an earlier one."""
    earlier: str = ""

    def messages(self, language: str, limits: SummaryLimits) -> list[ChatMessage]:
        """The prompt of the language model; `language` is a name such as `German`, or empty."""
        instructions = _INSTRUCTIONS.format(
            words=max(10, round(limits.summary_tokens * _WORDS_A_TOKEN)),
            language=language or "the language of the conversation",
        )
        lines = [_line(item) for item in self.items]
        if self.earlier:
            lines.insert(0, f"Before this: {self.earlier}")
        said = "\n".join(line for line in lines if line)
        if (tokens := estimate_tokens(said)) > limits.source_tokens:
            said = said[: len(said) * limits.source_tokens // tokens]
        return [ChatMessage("system", instructions), ChatMessage("user", said)]

    def summary(self, text: str, before: Summary | None) -> Summary:
        """The summary with this text, which also replaces the one `before`."""
        replaced = frozenset(item.id for item in self.items)
        return Summary(text, replaced | (before.item_ids if before else frozenset()))


def limits_for(
    context_tokens: int,
    answer_tokens: int,
    *,
    share: float,
    summary_tokens: int,
    idle_seconds: float,
) -> SummaryLimits:
    """The limits for a model with this context, of which answers need `answer_tokens`."""
    room = context_tokens - answer_budget(context_tokens, answer_tokens)
    summary_tokens = min(summary_tokens, context_tokens // 4)
    return SummaryLimits(
        tokens=round(share * room),
        source_tokens=max(_PROMPT_TOKENS, context_tokens // 2 - _PROMPT_TOKENS),
        summary_tokens=summary_tokens,
        idle_seconds=idle_seconds,
    )


def plan(dialogue: Dialogue, instructions: str, limits: SummaryLimits) -> Plan | None:
    """The summary that is due, if one is.

    One is due when the items that are sent exceed the tokens, or fill the dialogue's
    window so that the next one would push one out. It ends before a question, and never
    between a function call and its result.
    """
    if not limits.tokens:
        return None
    items = dialogue.unsummarised()
    earlier = dialogue.summary.text if dialogue.summary else ""
    fixed = estimate_tokens(instructions) + estimate_tokens(earlier) + MESSAGE_TOKENS
    total = fixed + sum(map(_tokens, items))
    if total <= limits.tokens and len(items) < dialogue.longest:
        return None
    count = _count(items, dialogue.longest, limits)
    return Plan(tuple(items[:count]), earlier) if count else None


def _count(items: Sequence[Item], longest: int, limits: SummaryLimits) -> int:
    """How many of the oldest items are summarised."""
    kept_tokens = limits.tokens * KEPT_SHARE
    kept_items = max(1, round(longest * KEPT_SHARE))
    source = 0
    best = 0
    for place in range(1, len(items)):
        source += _tokens(items[place - 1])
        if source > limits.source_tokens and best:
            break
        if not _may_end(items, place):
            continue
        best = place
        rest = items[place:]
        if sum(map(_tokens, rest)) <= kept_tokens and len(rest) <= kept_items:
            break
    return best


def _may_end(items: Sequence[Item], place: int) -> bool:
    """Whether the items before that place can stand for themselves."""
    following = items[place]
    if following.kind != "message" or following.role == "assistant":
        return False
    before = items[:place]
    called = {each.call_id for each in before if each.kind == "function_call"}
    answered = {each.call_id for each in before if each.kind == "function_call_output"}
    return called <= answered


def _tokens(item: Item) -> int:
    text = f"{item.text}{item.name}{item.arguments}{item.output}"
    return estimate_tokens(text) + MESSAGE_TOKENS


def _line(item: Item) -> str:
    if item.kind == "function_call":
        return f"Assistant calls {item.name}({item.arguments})"
    if item.kind == "function_call_output":
        return f"Result: {item.output}"
    speaker = {"user": "User", "assistant": "Assistant", "system": "Note"}[item.role]
    return f"{speaker}: {item.text}" if item.text else ""
