"""`WS /v1/speak`: text in, speech out as it is made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from pydantic import BaseModel

from common.config import Config
from common.errors import BadRequest, QuotaExceeded, VoiceError
from common.messages import encode
from common.text_cleaning import clean_text
from compat_app.deepgram.errors import fatal_code
from compat_app.deepgram.models import MODEL_VERSION, model_uuid
from compat_app.deepgram.queries import read_query
from compat_app.deepgram.speak import messages
from compat_app.deepgram.speak.output import SpokenAudio
from compat_app.deepgram.speak.query import SpeakQuery
from compat_app.deepgram.speak.texts import Answer, WrittenText, WrittenTexts
from gateway_app.sockets.limits import SocketLimits
from gateway_app.voice_consumer import VoiceConsumer
from tts_app.service import SpeechService
from tts_app.services import speech_services
from tts_app.speech_request import SpeechRequest


class SpeakConsumer(VoiceConsumer):
    """One connection: speaks one text after the other."""

    kind = "speak"
    family = messages.CLIENT_FAMILY
    texts: WrittenTexts
    service: SpeechService
    _speaking: asyncio.Task[None] | None = None
    _sent: asyncio.Task[None] | None = None

    def limits(self, config: Config) -> SocketLimits:
        return SocketLimits(
            max_sessions=config.deepgram_speak_max_sessions,
            max_message_bytes=config.max_message_kb * 1024,
            max_text_bytes=config.max_message_kb * 1024,
            idle_seconds=config.stt_idle_seconds,
            session_seconds=config.stt_session_seconds,
        )

    async def opened(self) -> None:
        self.service = speech_services(self.scope).speech
        query = read_query(self.scope["query_string"], SpeakQuery)
        self._output = query.socket_output()
        self._voice = query.voice(await self.service.available_voices())
        self._spoken = self._answered = 0
        self.texts = WrittenTexts(self.gateway.config.tts_max_text_length)
        self._sent = self.pump(self._answers())

    def on_audio(self, frame: bytes) -> None:
        """Raises BadRequest for audio in any encoding and at any rate."""
        raise BadRequest("This address takes text messages only.")

    async def on_message(self, message: messages.ClientMessage) -> None:
        try:
            self._take(message)
        except VoiceError as error:
            await self.send_message(_warning(error))

    async def finish(self, reason: str) -> None:
        self.texts.end()
        if self._sent is not None:
            await asyncio.wait([self._sent])

    def encode_error(self, error: VoiceError) -> str:
        told, code = clean_text(error.message), fatal_code(error)
        return encode(messages.Error(description=told, code=code))

    def _take(self, message: messages.ClientMessage) -> None:
        """Raises TooLarge or TooMany."""
        if isinstance(message, messages.Speak):
            self.texts.add(message.text)
        elif isinstance(message, messages.Flush):
            self.texts.flush()
        elif isinstance(message, messages.Clear):
            self.texts.clear()
            if self._speaking is not None:
                self._speaking.cancel()
        else:
            self.texts.end()

    async def _answers(self) -> AsyncIterator[BaseModel]:
        """Speak the texts in order, and yield what answers them."""
        yield messages.Metadata(
            request_id=self.session_id,
            model_name=self._voice.voice,
            model_version=MODEL_VERSION,
            model_uuid=model_uuid(self._voice.voice),
        )
        while (item := await self.texts.next()) is not None:
            if isinstance(item, WrittenText):
                await self._speak_until_cleared(item)
                continue
            answer = messages.Flushed if item is Answer.FLUSHED else messages.Cleared
            yield answer(sequence_id=self._answered)
            self._answered += 1

    async def _speak_until_cleared(self, text: WrittenText) -> None:
        speaking = self._speaking = asyncio.create_task(self._speak(text))
        try:
            await asyncio.wait([speaking])
        finally:
            speaking.cancel()
            self._speaking = None
        if not speaking.cancelled():
            speaking.result()

    async def _speak(self, text: WrittenText) -> None:
        """Send the audio of one text; a failure is a warning. Raises QuotaExceeded."""
        self._spoken += 1
        request = SpeechRequest(
            "",
            voice=self._voice,
            llm=False,
            request_id=f"{self.session_id}-{self._spoken}",
            audio_format=self._output.encoding,
        )
        try:
            speech = await self.service.open(
                request,
                pieces=text.pieces(),
                principal=self.principal,
                client=self.client,
            )
            audio = SpokenAudio(speech, self._output)
            async for data in audio:
                await self.send_message(data)
            if audio.error is not None:
                await self.send_message(_warning(audio.error))
        except QuotaExceeded:
            raise
        except VoiceError as error:
            await self.send_message(_warning(error))


def _warning(error: VoiceError) -> messages.Warning:
    return messages.Warning(
        description=clean_text(error.message), code=fatal_code(error)
    )
