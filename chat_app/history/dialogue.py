"""A conversation as the admin shows it: who said what, and how long the replies took."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext

from chat_app.models import Turn
from gateway_app.admin_lists.read_only import milliseconds
from gateway_app.monitor.stages import StageBar, stage_bars

DASH = " \N{EM DASH}"


@dataclass(frozen=True)
class DialogueCall:
    """A function that a reply called."""

    text: str
    """As `name(argument: value)`."""
    result: str | None
    """None if there was none."""


@dataclass(frozen=True)
class DialogueTurn:
    """One turn for the template."""

    question: str
    answer: str
    """With a dash at its end if it was cut short."""
    calls: list[DialogueCall]
    """The functions that the reply called."""
    out_of_band: bool
    """Whether the reply is out of band."""
    note: str
    """Why the reply was not heard to its end; empty if it was."""
    voice_to_voice: str
    bars: list[StageBar]


def dialogue_of(turns: Iterable[Turn]) -> list[DialogueTurn]:
    """The turns in their order."""
    return [
        DialogueTurn(
            turn.question,
            turn.answer + DASH if turn.answer and turn.is_interrupted else turn.answer,
            [
                DialogueCall(_call(each["name"], each["arguments"]), each.get("result"))
                for each in turn.calls
            ],
            turn.out_of_band,
            _note(turn),
            milliseconds(turn.voice_to_voice_ms),
            stage_bars(turn.stages_ms),
        )
        for turn in turns
    ]


def _call(name: str, arguments: str) -> str:
    try:
        given = json.loads(arguments)
    except ValueError:
        return f"{name}({arguments})"
    if not isinstance(given, dict):
        return f"{name}({arguments})"
    shown = (
        f"{key}: {json.dumps(value, ensure_ascii=False)}"
        for key, value in given.items()
    )
    return f"{name}({', '.join(shown)})"


def _note(turn: Turn) -> str:
    if turn.status == "cancelled" and turn.reason == "turn_detected":
        return gettext("interrupted")
    return {
        "cancelled": gettext("cancelled"),
        "failed": gettext("failed"),
        "incomplete": gettext("cut short"),
    }.get(turn.status, "")
