"""One transcription session: carries out the client's events on its live session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from common.config import Config
from compat_app.model_names import REALTIME_MODELS, UnknownModel, engine_model
from compat_app.realtime.shared.errors import KIND_IS_FIXED, Refused, check_commit
from compat_app.realtime.shared.kinds import Kind
from compat_app.realtime.shared.messages import (
    AppendAudio,
    ClearAudio,
    ClientEvent,
    CommitAudio,
    SessionCreated,
    SessionUpdate,
)
from compat_app.realtime.shared.options import default_vad, session_options
from compat_app.realtime.shared.reading import audio_bytes
from compat_app.realtime.shared.session import (
    SessionChanges,
    SessionConfig,
    Transcription,
    check_model_name,
)
from compat_app.realtime.shared.session_object import expiry_time, session_base
from compat_app.realtime.transcription.mapper import (
    Clear,
    Commit,
    TranscriptionMapper,
    Update,
    as_events,
)
from stt_app.core.session.options import Options
from stt_app.live_session import LiveSession

_MOST_UNANSWERED = 256
"""Commits and other requests of one client that wait for their answer."""
_MODEL_FIELD = "session.audio.input.transcription.model"


@dataclass(frozen=True)
class Settings:
    """What a session needs to know of the server."""

    config: Config
    models: Sequence[str]
    """The engine's models, the default first."""

    def initial(self, model: str) -> SessionConfig:
        """The configuration of a new session; `model` is that of the address.

        Raises BadValue for a name that is too long.
        """
        check_model_name(model)
        name = model if model not in ("", *REALTIME_MODELS) else self.models[0]
        return SessionConfig(default_vad(self.config), Transcription(model=name))

    def options(self, config: SessionConfig) -> Options:
        return session_options(config, self.config, self.config.whisper_lang)

    def engine_model(self, config: SessionConfig) -> str:
        """The engine's name of the model. Raises UnknownModel."""
        name = config.transcription.model or ""
        return engine_model(name, self.models, self.config)


class TranscriptionSession:
    """Carries out the client's events, and yields those of the server."""

    kind = Kind.TRANSCRIPTION

    def __init__(
        self, live: LiveSession, settings: Settings, config: SessionConfig
    ) -> None:
        self._live = live
        self._settings = settings
        self._config = config
        self._mapper = TranscriptionMapper(config)
        self._uncommitted_seconds = 0.0
        self._expires_at = expiry_time(settings.config.realtime_session_seconds)

    def created(self) -> dict[str, Any]:
        """The first event."""
        return SessionCreated(session=self._wire(self._config)).wire()

    def events(self) -> AsyncIterator[dict[str, Any]]:
        """Every event after the first one."""
        return as_events(self._live.events(), self._mapper)

    async def handle(self, event: ClientEvent) -> None:
        """Carry out an event of the client. Raises Refused."""
        try:
            match event:
                case AppendAudio():
                    await self._append(audio_bytes(event.audio))
                case SessionUpdate():
                    self._admit()
                    self._update(event)
                case CommitAudio():
                    self._admit()
                    self._commit_for_client()
                case ClearAudio():
                    self._admit()
                    self._clear()
        except Refused as refusal:
            refusal.event_id = event.event_id
            raise

    def warn(self, seconds: float) -> None:
        """Nothing to send: the client knows `expires_at`."""

    async def finish(self, reason: str) -> None:
        """Transcribe the audio that is not committed, and return when all is sent."""
        if self._client_commits:
            self._commit_rest()
        await self._live.drain(reason)

    async def close(self) -> None:
        """The connection has ended. There is no way to resume it."""
        await self._live.close(lost=False)

    async def _append(self, audio: bytes) -> None:
        size = self._live.slice_bytes
        # Decoding a large event has held the loop already.
        await asyncio.sleep(0)
        for start in range(0, len(audio), size):
            piece = audio[start : start + size]
            self._live.feed(piece)
            seconds = len(piece) / self._config.format.bytes_per_second
            self._uncommitted_seconds += seconds
            await self._live.wait_for_capacity()

    def _update(self, event: SessionUpdate) -> None:
        if not isinstance(event.session, SessionChanges):
            raise Refused(KIND_IS_FIXED, param="session.type")
        config = self._config.updated(event.session)
        try:
            model = self._settings.engine_model(config)
        except UnknownModel as error:
            raise Refused(error.message, code=error.code, param=_MODEL_FIELD) from error
        if self._client_commits and config.turn_detection is not None:
            self._commit_rest()
        self._ask(Update(config, self._wire(config)))
        self._config = config
        self._live.configure(self._settings.options(config), model)

    def _commit_for_client(self) -> None:
        check_commit(self._uncommitted_seconds)
        self._commit()

    @property
    def _client_commits(self) -> bool:
        return self._config.turn_detection is None

    def _commit_rest(self) -> None:
        """Commit the audio that the client will no longer commit, so that none is lost."""
        if self._uncommitted_seconds:
            self._commit()

    def _commit(self) -> None:
        commit = Commit(self._uncommitted_seconds)
        self._ask(commit)
        commit.utterance_id = self._live.flush()
        self._uncommitted_seconds = 0.0

    def _clear(self) -> None:
        self._ask(Clear())
        self._live.discard()
        self._uncommitted_seconds = 0.0

    def _admit(self) -> None:
        """Raises Refused while too many requests wait for their answer."""
        if self._mapper.unanswered >= _MOST_UNANSWERED:
            raise Refused(
                f"{_MOST_UNANSWERED} events wait for their answer.",
                code="too_many_unanswered_events",
            )

    def _ask(self, mark: Update | Commit | Clear) -> None:
        """Have the mapper answer, in the order of the events."""
        self._mapper.unanswered += 1
        self._live.mark(mark)

    def _wire(self, config: SessionConfig) -> dict[str, Any]:
        """The session object."""
        return {
            **session_base(self.kind, f"sess_{self._live.session_id}"),
            "expires_at": self._expires_at,
            **config.wire(),
        }
