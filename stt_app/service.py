"""The entry point of speech to text: live sessions and whole files.

An endpoint opens a session or a file here and maps the events to its own messages. It
handles admission, resumable streams, the load, and the history, so every endpoint has them.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from common.config import Config
from common.config.speech import ListeningSettings
from common.errors import VoiceError
from common.workers import Priority
from gateway_app.access.principals import Principal
from gateway_app.history.records import HistoryWriter
from gateway_app.retention.people import Person
from gateway_app.usage.accounts import UNMETERED, Accounts
from stt_app.core.engine import check_model
from stt_app.core.engine_load import EngineLoad
from stt_app.core.events import UtteranceTranscribed
from stt_app.core.files.file_transcriber import FileEvent, FileTranscriber
from stt_app.core.files.media_decoder import MediaDecoder
from stt_app.core.files.request import FileRequest
from stt_app.core.languages import languages_of
from stt_app.core.session.engines import SessionEngines
from stt_app.core.session.options import Options
from stt_app.core.session.session import SttSession
from stt_app.core.session.settings import SessionSettings
from stt_app.history import FileSummary, UtteranceRecorder
from stt_app.live_session import LiveSession
from stt_app.metering import FileMeter, admitted
from stt_app.owed import OwedTexts
from stt_app.resume.streams import ResumePoint, Streams
from stt_app.running_files import RunningFiles


class ListeningService:
    """Speech to text for all callers of this process."""

    def __init__(
        self,
        config: Config,
        engines: SessionEngines,
        *,
        streams: Streams,
        media: MediaDecoder,
        history: HistoryWriter,
        accounts: Accounts = UNMETERED,
    ) -> None:
        self._config = config
        self._engine = engines.stt
        self._streams = streams
        self._media = media
        self._history = history
        self._accounts = accounts
        self.load = EngineLoad(config.stt_lag_limit_seconds)
        """The lag of this process's transcripts."""
        self._engines = replace(engines, load=self.load)
        self._owed = OwedTexts(config.stt_owed_seconds if config.store_history else 0)
        self._files = FileTranscriber(
            engines.stt, engines.vad, media, config, self.load
        )
        self.files = RunningFiles()
        """The files that are being transcribed."""

    async def start(self) -> None:
        """Load the VAD. Raises EngineFailed. The engine is started separately."""
        self._engines.vad.start()
        await self._streams.start()

    async def stop(self) -> None:
        """Write held records, and stop the processes that decode files."""
        await self._streams.stop()
        await self._media.stop()

    def forget(self, person: Person) -> None:
        """Drop what is held of this person for clients that may reconnect."""
        self._streams.forget(person)

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the engine's models, the default first."""
        return self._engine.stats().offers

    @property
    def languages(self) -> list[str]:
        """The codes of the languages that the default model understands."""
        engine = self._engine
        return languages_of(engine.model_name, engine.health().details)

    async def open_live(
        self,
        options: Options,
        *,
        principal: Principal,
        client: str,
        session_id: str,
        priority: Priority | None = None,
        model: str = "",
        resume: ResumePoint | None = None,
        prepares_after_seconds: float = math.inf,
    ) -> LiveSession:
        """A live session with these options, over those of the configuration.

        Finals are prepared after a pause of `speculative_pause_seconds`, or after
        `prepares_after_seconds` if that is shorter.

        `priority` is that of its finals; None is FINAL, or FILE for the purpose
        `file`. `model` is one that the engine offers; empty is its default. Raises
        BadValue for an unknown model, QuotaExceeded, and Overloaded while texts come
        late, unless a stream is resumed.
        """
        check_model(model, self.models)
        account = await admitted(self._accounts, principal, client)
        if resume is None:
            self.load.admit()
        stream = await self._streams.take(session_id, principal.id, resume)
        recorder = UtteranceRecorder(
            self._history, stream.session_id, principal=principal, client=client
        )
        settings = SessionSettings(
            self._preparing_after(prepares_after_seconds),
            self._with_defaults(options),
            priority,
            model,
        )
        session = SttSession(
            self._engines, settings, stream.start, on_result=recorder.keep
        )
        return LiveSession(
            session, stream, self._streams, recorder, self._owed, account
        )

    def _preparing_after(self, seconds: float) -> ListeningSettings:
        """The settings, with finals that are prepared after at most this pause."""
        sooner = min(self._config.speculative_pause_seconds, seconds)
        return self._config.model_copy(update={"speculative_pause_seconds": sooner})

    async def transcribe_file(
        self,
        request: FileRequest,
        *,
        principal: Principal,
        client: str = "",
        request_id: str = "",
        priority: Priority = Priority.FILE,
    ) -> AsyncGenerator[FileEvent, None]:
        """The file's utterances in order from its start on, and its progress.

        The last event is a Progress with the file's true length. The history gets one
        record of the file. Raises BadValue for an unknown model or track,
        UnsupportedAudio, TooLarge, QuotaExceeded, Overloaded, the engine's error, or
        OSError when the file cannot be opened.
        """
        check_model(request.model, self.models)
        account = await admitted(self._accounts, principal, client)
        meter = FileMeter(account, request.start_seconds)
        summary = FileSummary(request_id, principal=principal, client=client)
        request = replace(request, options=self._with_defaults(request.options))
        events = self._files.transcribe(request, priority)
        try:
            with self.files.running(request_id, principal.id) as file:
                async with aclosing(events):
                    async for event in events:
                        await meter.take(event)
                        file.take(event)
                        if isinstance(event, UtteranceTranscribed):
                            summary.add(event)
                        yield event
            summary.status = "ok"
        except VoiceError as error:
            summary.fail(error)
            raise
        finally:
            meter.settle()
            self._history.record(summary.record())

    def _with_defaults(self, chosen: Options) -> Options:
        """The client's options over those of the configuration."""
        defaults = {
            "language": self._config.whisper_lang,
            "sample_rate": self._config.sample_rate,
        }
        own = chosen.model_dump(exclude_none=True, include=set(Options.model_fields))
        return Options(**{**defaults, **own})
