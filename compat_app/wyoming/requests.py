"""Carries out a client's requests for transcription and synthesis."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from common.config import Config
from common.errors import NotFound
from compat_app.hotwords import fitting
from compat_app.model_names import engine_model
from compat_app.wyoming.listening.audio import check_format
from compat_app.wyoming.listening.transcription import Ending, Transcription
from compat_app.wyoming.protocol.client import Client
from compat_app.wyoming.protocol.languages import spoken_language
from compat_app.wyoming.protocol.messages import (
    AudioFormat,
    SynthesizeStart,
    Transcribe,
)
from compat_app.wyoming.speaking.growing_text import GrowingText
from compat_app.wyoming.speaking.synthesis import Synthesis
from gateway_app.sockets.clock import Clock
from gateway_app.sockets.sessions import SessionRegistry
from stt_app.core.session.options import Options
from stt_app.service import ListeningService
from tts_app.service import SpeechService

SESSION_KIND = "stt"
"""A transcription takes a place among those of `/ws/stt`."""
SILENCE_SECONDS = {"aggressive": 0.25, "relaxed": 1.25}
"""What Home Assistant means by these sensitivities; `default` is that of the
configuration. Source: assist_pipeline/vad.py in home-assistant/core."""


@dataclass(frozen=True)
class RequestFactory:
    """Opens the requests of one process."""

    config: Config
    sessions: SessionRegistry
    listening: ListeningService | None
    speech: SpeechService | None
    clock: Clock

    def check(self, wanted: Transcribe) -> None:
        """Raises BadValue or NotFound for what this server cannot transcribe."""
        self._language(wanted)
        self._model(wanted)

    async def transcription(
        self, wanted: Transcribe, audio: AudioFormat, client: Client
    ) -> Transcription:
        """A request whose audio follows; it counts as a session of speech to text.

        Raises UnsupportedAudio, BadValue, NotFound, Overloaded when there are too many
        or texts come late, and Restarting.
        """
        check_format(audio)
        options = Options(
            language=self._language(wanted),
            sample_rate=audio.rate,
            channels=audio.channels,
            silence_max_seconds=SILENCE_SECONDS.get(wanted.vad_sensitivity or ""),
            hotwords=fitting([*wanted.transcript_names, *wanted.transcript_terms])
            or None,
        )
        model, ending = self._model(wanted), self._ending(client)
        seat = self.sessions.open(SESSION_KIND, limit=self.config.stt_max_sessions)
        try:
            live = await self._listener.open_live(
                options,
                principal=client.principal,
                client=client.address,
                session_id=uuid.uuid4().hex,
                model=model,
            )
        except BaseException:
            seat.close()
            raise
        return Transcription(live, audio, client, ending, seat=seat, clock=self.clock)

    def synthesis(
        self, wanted: SynthesizeStart, client: Client, *, streamed: bool
    ) -> Synthesis:
        """A request whose text follows. Raises NotFound without text to speech."""
        if self.speech is None:
            raise NotFound("This port has no text to speech.")
        text = GrowingText(self.config.tts_max_text_length)
        return Synthesis(self.speech, client, wanted, text, streamed=streamed)

    def _ending(self, client: Client) -> Ending:
        config = self.config
        return Ending(
            by_server=config.wyoming_endpointing and client.leaves_the_end_to_us,
            no_speech_seconds=config.wyoming_no_speech_seconds,
            longest_seconds=config.wyoming_max_command_seconds,
        )

    def _language(self, wanted: Transcribe) -> str | None:
        return spoken_language(wanted.language, self._listener.languages)

    def _model(self, wanted: Transcribe) -> str:
        return engine_model(wanted.name or "", self._listener.models, self.config)

    @property
    def _listener(self) -> ListeningService:
        if self.listening is None:
            raise NotFound("This port has no speech to text.")
        return self.listening
