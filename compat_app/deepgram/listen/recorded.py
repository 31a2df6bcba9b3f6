"""The response of `POST /v1/listen`: a whole recording's transcript.

Its fields are those of `deepgram.types.listen_v1response` in deepgram-sdk 7.17.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from compat_app.deepgram.listen import messages
from compat_app.deepgram.listen.query import FileQuery
from compat_app.deepgram.models import ModelInfo, model_info, model_uuid, now
from compat_app.spoken_languages import main_language
from stt_app.core.events import Progress, UtteranceTranscribed
from stt_app.core.files.file_transcriber import FileDuration, FileEvent


class RecordedMetadata(BaseModel):
    """The request, the recording and the model."""

    # The fields' names are the API's.
    model_config = ConfigDict(protected_namespaces=())

    transaction_key: str
    request_id: str
    sha256: str
    created: str
    duration: float
    channels: int
    models: list[str]
    model_info: dict[str, ModelInfo]


class RecordedChannel(BaseModel):
    """The transcript of the recording; multiple channels are mixed."""

    alternatives: list[messages.Alternative]
    detected_language: str | None = None


class RecordedUtterance(BaseModel):
    """A part of the speech between two pauses."""

    start: float
    end: float
    confidence: float
    channel: int
    transcript: str
    words: list[messages.Word]
    id: str


class RecordedResults(BaseModel):
    """The transcripts."""

    channels: list[RecordedChannel]
    utterances: list[RecordedUtterance] | None = None


class Recorded(BaseModel):
    """The transcript of a recording."""

    metadata: RecordedMetadata
    results: RecordedResults


@dataclass
class Transcription:
    """What was heard in a recording."""

    utterances: list[UtteranceTranscribed] = field(default_factory=list)
    seconds: float = 0.0

    @classmethod
    async def of(cls, events: AsyncIterator[FileEvent]) -> Transcription:
        """Collect the events of a file. Raises what they raise."""
        found = cls()
        async for event in events:
            if isinstance(event, UtteranceTranscribed):
                found.utterances.append(event)
                found._reach(event.end_seconds)
            elif isinstance(event, FileDuration | Progress):
                found._reach(event.audio_seconds)
        return found

    def _reach(self, seconds: float) -> None:
        self.seconds = max(self.seconds, seconds)

    def response(
        self, query: FileQuery, *, request_id: str, sha256: str, model: str
    ) -> Recorded:
        """The response; `model` is the default one, for silence."""
        used = self.utterances[0].model if self.utterances else model
        uuid_of_model = model_uuid(used)
        metadata = RecordedMetadata(
            transaction_key=messages.NO_TRANSACTION,
            request_id=request_id,
            sha256=sha256,
            created=now(),
            duration=round(self.seconds, 3),
            channels=1,
            models=[uuid_of_model],
            model_info={uuid_of_model: model_info(used)},
        )
        language = main_language(self.utterances) if self.utterances else None
        channel = RecordedChannel(
            alternatives=[self._alternative()],
            detected_language=language if query.detects_language else None,
        )
        utterances = [_utterance(each) for each in self.utterances]
        results = RecordedResults(
            channels=[channel], utterances=utterances if query.utterances else None
        )
        return Recorded(metadata=metadata, results=results)

    def _alternative(self) -> messages.Alternative:
        words = [word for each in self.utterances for word in each.words or ()]
        texts = [each.text for each in self.utterances]
        return messages.Alternative(
            transcript=" ".join(texts),
            confidence=round(self._confidence(), 4),
            words=messages.timed_words(words),
        )

    def _confidence(self) -> float:
        """The mean over the speech."""
        seconds = sum(each.audio_seconds for each in self.utterances)
        weighted = sum(each.confidence * each.audio_seconds for each in self.utterances)
        return weighted / seconds if seconds else 0.0


def _utterance(event: UtteranceTranscribed) -> RecordedUtterance:
    return RecordedUtterance(
        start=round(event.start_seconds, 3),
        end=round(event.end_seconds, 3),
        confidence=round(event.confidence, 4),
        channel=0,
        transcript=event.text,
        words=messages.timed_words(event.words),
        id=str(uuid.uuid4()),
    )
