"""Items: the turns of the speaker, with their transcripts."""

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
    """How many results the deltas contain in full."""
    _told_of_next: str = ""
    """The part of the next result that interim results have sent."""

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
        """The first error, if there is no text at all; otherwise None."""
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
        """The next delta: it completes the texts of the results, then the interim text.

        A delta cannot be taken back, so a final text that contradicts what was sent of it
        adds nothing, and the deltas continue after it.
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
        """The rest of an utterance's text after what was sent of it."""
        begun = self._told_of_next
        if not text.startswith(begun) or text == begun:
            return ""
        more = text[len(begun) :]
        if not begun:
            more = space_between(self._told, more) + more
        self._told += more
        self._told_of_next = text
        return more
