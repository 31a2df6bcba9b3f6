"""What the state machine is told of the live session."""

from __future__ import annotations

import pytest

from chat_app.core import events as on
from chat_app.session.hearing import turn_events
from stt_app.core.engine import Transcript
from stt_app.core.events import (
    InterimResult,
    SessionEvent,
    SpeculativeFinal,
    UtteranceTranscribed,
)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (InterimResult(1, 0, "out", "", 0.3), on.InterimHeard(1, "out", 0.3)),
        (
            SpeculativeFinal(1, 0, 9, Transcript("out", "en", 1.0, 0.3, "m")),
            on.TextPrepared(1, "out", 0.3),
        ),
        (
            UtteranceTranscribed(1, 0, 9, "out", confidence=0.3),
            on.UtteranceHeard(1, "out", 0.3),
        ),
    ],
)
def test_it_tells_how_certain_a_text_is(
    event: SessionEvent, told: on.TurnEvent
) -> None:
    assert list(turn_events(event)) == [told]
