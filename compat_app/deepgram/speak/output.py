"""The audio of `/v1/speak`: speech in the client's encoding, as it is made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from common.errors import INTERNAL, VoiceError
from compat_app.companding import Companding
from compat_app.deepgram.queries import TELEPHONE
from compat_app.deepgram.wav import WavFormat
from stt_app.core.codecs.decoders import Encoding
from tts_app.core.events import SpeechFinished
from tts_app.core.speech.encoded_speech import AudioBytes, EncodedSpeech
from tts_app.speech_stream import SpeechStream

_G711: dict[str, Encoding] = {"mulaw": "mulaw", "alaw": "alaw"}


@dataclass(frozen=True)
class AudioOutput:
    """An encoding in a container."""

    encoding: str
    container: str
    rate_hz: int | None
    """None is the voice's own rate, or that of the format."""

    @property
    def audio_format(self) -> str:
        """The speech pipeline's format, from which telephone audio is made."""
        if self.encoding in TELEPHONE:
            return "pcm"
        if self.encoding == "linear16":
            return "wav" if self.container == "wav" else "pcm"
        return self.encoding

    @property
    def content_type(self) -> str | None:
        """That of the response; None leaves it to the format."""
        if self.container == "wav":
            return "audio/wav"
        if self.encoding in TELEPHONE:
            return f"audio/{self.encoding};rate={self.rate_hz};channels=1"
        if self.encoding == "linear16":
            return f"audio/l16;rate={self.rate_hz};channels=1"
        return None


class SpokenAudio:
    """The bytes of one answer. Iterate over it once, or `close` it."""

    def __init__(self, speech: SpeechStream, output: AudioOutput) -> None:
        self.error: VoiceError | None = None
        """Why the audio ended early, once it has."""
        self._speech = speech
        self._encoded = EncodedSpeech(speech, output.audio_format, output.rate_hz)
        self._output = output
        self.content_type = output.content_type or self._encoded.content_type

    def close(self) -> None:
        """Stop all work. Any thread may call it."""
        self._speech.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        companding = None
        if self._output.encoding in TELEPHONE:
            companding = Companding(self._output.encoding, self._encoded.rate_hz)
            if self._output.container == "wav":
                encoding = _G711[self._output.encoding]
                yield WavFormat(encoding, 1, self._encoded.rate_hz).header()
        async for event in self._encoded:
            if isinstance(event, AudioBytes):
                yield companding.push(event.data) if companding else event.data
            elif isinstance(event, SpeechFinished) and event.error is not None:
                self.error = _told(event.error)


def _told(error: Exception) -> VoiceError:
    return error if isinstance(error, VoiceError) else VoiceError(INTERNAL)
