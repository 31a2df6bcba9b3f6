"""The answer to `stream=true`: server-sent events, one or two for each utterance."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import closing
from typing import Any

import structlog
from django.http import StreamingHttpResponse

from common.errors import INTERNAL, VoiceError
from common.metrics import ERRORS
from compat_app.openai.errors import error_object
from compat_app.openai.transcriptions.answers import (
    diarized_segment,
    logprobs,
    segment_id,
    token_usage,
)
from compat_app.openai.transcriptions.fields import Fields
from compat_app.openai.transcriptions.heard import Heard
from compat_app.openai.transcriptions.upload import Upload
from gateway_app.responses import unbuffered
from stt_app.core.events import UtteranceTranscribed
from stt_app.core.files.file_transcriber import FileEvent

log = structlog.get_logger(__name__)


async def streamed(
    upload: Upload, events: AsyncGenerator[FileEvent, None]
) -> StreamingHttpResponse:
    """The response, which closes the upload in the end.

    Raises what the first event raises, so that such an error has its own status.
    """
    first = await anext(events)
    response = StreamingHttpResponse(
        _body(upload, first, events), content_type="text/event-stream"
    )
    return unbuffered(response)


async def _body(
    upload: Upload, first: FileEvent, events: AsyncGenerator[FileEvent, None]
) -> AsyncIterator[bytes]:
    told = _Told(upload.fields)
    with closing(upload):
        try:
            for line in told.take(first):
                yield line
            async for event in events:
                for line in told.take(event):
                    yield line
            yield told.done()
        except VoiceError as error:
            yield _failure(error)
        except Exception:
            log.exception("transcription failed")
            yield _failure(VoiceError(INTERNAL))
        finally:
            await events.aclose()


class _Told:
    """What the client has been told so far."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._heard = Heard()

    def take(self, event: FileEvent) -> Iterator[bytes]:
        """The lines for this event."""
        self._heard.take(event)
        if not isinstance(event, UtteranceTranscribed):
            return
        number = len(self._heard.utterances) - 1
        delta: dict[str, Any] = {"delta": self._heard.delta()}
        if self._fields.wants_logprobs:
            delta["logprobs"] = logprobs(event)
        if self._fields.response_format != "diarized_json":
            yield _line("transcript.text.delta", delta)
            return
        delta["segment_id"] = segment_id(number)
        yield _line("transcript.text.delta", delta)
        yield _line("transcript.text.segment", diarized_segment(number, event))

    def done(self) -> bytes:
        heard = self._heard
        content: dict[str, Any] = {
            "text": heard.text,
            "languages": [{"code": code} for code in heard.languages],
            "usage": token_usage(heard),
        }
        if self._fields.wants_logprobs:
            content["logprobs"] = [
                one for each in heard.utterances for one in logprobs(each)
            ]
        if heard.hint:
            content["hint"] = heard.hint
        return _line("transcript.text.done", content)


def _failure(error: VoiceError) -> bytes:
    ERRORS.labels(error.code).inc()
    return _line("error", {"error": error_object(error)})


def _line(kind: str, content: dict[str, Any]) -> bytes:
    data = json.dumps({"type": kind, **content}, ensure_ascii=False)
    return f"data: {data}\n\n".encode()
