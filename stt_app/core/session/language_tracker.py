"""Keeps a speaker's language when one short utterance sounds like another."""

from __future__ import annotations

from stt_app.core.engine import Transcript

_SURE = 0.8
"""A language detected with this probability is accepted at once."""
_SURE_OF_LONG = 0.5
"""The same for an utterance from which Whisper detects the language reliably."""
_LONG_SECONDS = 2.5
_CLEARLY_BETTER = 0.05
"""How much more sure of its text a model is in the language that was spoken."""


class LanguageTracker:
    """The detected language of one session."""

    def __init__(self) -> None:
        self._current: str | None = None
        self._doubted: str | None = None

    def second_opinion(self, found: Transcript, seconds: float) -> str | None:
        """The language to try instead, if the detected one is not credible. A new
        language is accepted if it is clear, or comes twice in a row.

        `seconds` is the length of the utterance.
        """
        language = found.language
        doubted, self._doubted = self._doubted, None
        if self._current in (None, language) or language == doubted:
            return None
        enough = _SURE_OF_LONG if seconds >= _LONG_SECONDS else _SURE
        if found.language_probability >= enough:
            return None
        self._doubted = language
        return self._current

    def choose(self, found: Transcript, usual: Transcript) -> Transcript:
        """The more credible one: as detected, or in the session's language."""
        better = found.confidence - usual.confidence >= _CLEARLY_BETTER
        return found if found.text and (better or not usual.text) else usual

    def believe(self, found: Transcript) -> None:
        """Record the language of a sent transcript as the session's."""
        if found.text:
            self._current = found.language
