"""One voice command, followed through the events of its session."""

from __future__ import annotations

from stt_app.core.events import (
    CandidateDropped,
    EndReason,
    SessionEvent,
    SpeechConfirmed,
    SpeechContinued,
    SpeechEnded,
    UtteranceFailed,
    UtteranceTranscribed,
)


class Turn:
    """Knows what was said, and whether the speaker has finished.

    A long command is transcribed in several utterances, and a word after the pause
    still belongs to it as long as the text was not sent. Noise without words is no
    command.
    """

    def __init__(self) -> None:
        self.language = ""
        """As the model detected it."""
        self._texts: list[str] = []
        self._speaking = False
        self._waiting = 0
        """Utterances that have no text yet."""

    @property
    def text(self) -> str:
        """Everything said so far."""
        return " ".join(self._texts)

    @property
    def is_quiet(self) -> bool:
        """Whether nobody speaks, and all speech so far was transcribed."""
        return not self._speaking and not self._waiting

    @property
    def is_over(self) -> bool:
        """Whether something was said, and its end was heard."""
        return bool(self._texts) and self.is_quiet

    def take(self, event: SessionEvent) -> str:
        """The next part of the text, if this event brings one.

        Raises the error of an utterance that could not be transcribed.
        """
        match event:
            case SpeechConfirmed() | SpeechContinued():
                self._speaking = True
            case CandidateDropped():
                self._speaking = False
            case SpeechEnded():
                self._speaking = event.reason is EndReason.LIMIT
                self._waiting += 1
            case UtteranceFailed():
                raise event.error
            case UtteranceTranscribed():
                return self._add(event)
        return ""

    def _add(self, event: UtteranceTranscribed) -> str:
        self._waiting -= 1
        if not event.text:
            return ""
        self._texts.append(event.text)
        self.language = event.language or self.language
        return event.text if len(self._texts) == 1 else f" {event.text}"
