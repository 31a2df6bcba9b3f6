"""Keeps a speaker's language when one short utterance sounds like another."""

from __future__ import annotations

from stt_app.core.engine import Transcript

_SURE = 0.8
"""A language detected with this probability is accepted at once."""


class LanguageTracker:
    """The detected language of one session."""

    def __init__(self) -> None:
        self._current: str | None = None
        self._doubted: str | None = None

    def second_opinion(self, found: Transcript) -> str | None:
        """The language to use instead, if the detected one is not credible. A new
        language is accepted if it is clear, or comes twice in a row.
        """
        language = found.language
        doubted, self._doubted = self._doubted, None
        if self._current in (None, language) or language == doubted:
            return None
        if found.language_probability >= _SURE:
            return None
        self._doubted = language
        return self._current

    def believe(self, found: Transcript) -> None:
        """Record the language of a sent transcript as the session's."""
        if found.text:
            self._current = found.language
