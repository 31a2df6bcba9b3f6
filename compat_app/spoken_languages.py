"""The languages of a recording."""

from __future__ import annotations

from collections.abc import Iterable

from stt_app.core.events import UtteranceTranscribed


def main_language(utterances: Iterable[UtteranceTranscribed]) -> str:
    """The code of the one that was spoken longest; empty if nothing was said."""
    seconds: dict[str, float] = {}
    for each in utterances:
        before = seconds.get(each.language, 0.0)
        seconds[each.language] = before + each.audio_seconds
    return max(seconds, key=lambda code: seconds[code], default="")
