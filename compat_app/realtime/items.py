"""Items: the turns of the speaker, with their texts."""

from __future__ import annotations

from dataclasses import dataclass, field

from chat_app.core.ids import new_id
from chat_app.core.user_turn import HeardWord
from common.errors import VoiceError
from compat_app.realtime.shared.joining import joined, space_between
from compat_app.realtime.shared.parts import LogProb, SpokenLanguage
from compat_app.realtime.shared.transcripts import logprobs
from stt_app.core.events import (
    UtteranceFailed,
    UtteranceResult,
    UtteranceTranscribed,
)


@dataclass
class Item:
    """One turn: one or several utterances, whose texts are joined."""

    id: str = field(default_factory=lambda: new_id("item"))
    started: bool = False
    """Whether the client was told that speech has started."""
    by_client: bool = False
    """Whether the client committed it."""
    committed_seconds: float | None = None
    """The length of the audio that the client committed."""
    pending: set[int] = field(default_factory=set)
    """Its utterances that have no result yet."""
    results: list[UtteranceResult] = field(default_factory=list)
    """In the order of speech."""
    _told: str = ""
    """The text of all deltas so far."""
    _told_results: int = 0
    """The results whose whole text was told."""
    _told_of_next: str = ""
    """What interim results have told of the next one."""

    def take(self, result: UtteranceResult) -> None:
        """The result of one of its utterances."""
        self.pending.discard(result.utterance_id)
        self.results.append(result)

    @property
    def texts(self) -> list[UtteranceTranscribed]:
        """The results that are no failures."""
        return [each for each in self.results if isinstance(each, UtteranceTranscribed)]

    @property
    def error(self) -> VoiceError | None:
        """The first error that left it without any text; None if it has a text."""
        if self.transcript:
            return None
        errors = (e.error for e in self.results if isinstance(e, UtteranceFailed))
        return next(errors, None)

    @property
    def transcript(self) -> str:
        return joined(each.text for each in self.texts)

    @property
    def audio_seconds(self) -> float:
        if self.committed_seconds is not None:
            return round(self.committed_seconds, 3)
        return round(sum(each.audio_seconds for each in self.texts), 3)

    @property
    def languages(self) -> list[SpokenLanguage]:
        """Those of its texts, each once, in the order of speech."""
        codes = [each.language for each in self.texts if each.text and each.language]
        return [SpokenLanguage(code=code) for code in dict.fromkeys(codes)]

    @property
    def logprobs(self) -> list[LogProb]:
        """One entry for each word."""
        words = (word for each in self.texts for word in each.words or ())
        return list(logprobs(HeardWord(e.word, e.probability) for e in words))

    def delta(self, interim: str = "") -> str:
        """What to append to the deltas so far, so that they say the results' texts, and
        then the interim one.

        A delta cannot be taken back. So a final text that changes what was told of it
        adds nothing, and the deltas go on after it.
        """
        more = ""
        for result in self.results[self._told_results :]:
            more += self._rest(result)
            self._told_of_next = ""
        self._told_results = len(self.results)
        return more + self._continuation(interim)

    def _rest(self, result: UtteranceResult) -> str:
        text = result.text if isinstance(result, UtteranceTranscribed) else ""
        return self._continuation(text)

    def _continuation(self, text: str) -> str:
        """What follows in this text of an utterance after what was told of it."""
        begun = self._told_of_next
        if not text.startswith(begun) or text == begun:
            return ""
        more = text[len(begun) :]
        if not begun:
            more = space_between(self._told, more) + more
        self._told += more
        self._told_of_next = text
        return more
