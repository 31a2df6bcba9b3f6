"""A container that is sent as raw samples is noticed and named."""

from __future__ import annotations

import pytest

from common.audio import SPEECH_RATE_HZ, Audio, float_to_pcm16, wav_bytes
from common.errors import UnsupportedAudio
from stt_app.core.codecs.decoders import Encoding, build_decoder
from tests.stt.recordings import recorded
from tests.stt.sounds import sound

SPEECH = sound(0.2, rate_hz=48_000)
FILES = {
    "webm": (recorded(SPEECH, "webm"), "is WebM.*`encoding=webm`"),
    "ogg": (recorded(SPEECH, "ogg"), "is Ogg.*`encoding=opus`"),
    "mp4": (recorded(SPEECH, "mp4", "aac"), "is MP4.*`encoding=mp4`"),
    "wav": (wav_bytes(Audio(SPEECH, 48_000)), "is a WAV file.*without a header"),
    "flac": (recorded(SPEECH, "flac", "flac"), "is FLAC.*upload"),
    "mp3": (recorded(SPEECH, "mp3", "libmp3lame"), "is MP3.*upload"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("frame_bytes", [1, 5, 10_000])
def test_it_says_which_encoding_to_ask_for(name: str, frame_bytes: int) -> None:
    data, said = FILES[name]
    decoder = build_decoder("pcm_s16le", SPEECH_RATE_HZ)
    with pytest.raises(UnsupportedAudio, match=said) as caught:
        for at in range(0, 40, frame_bytes):
            decoder.decode(data[at : at + frame_bytes])
    assert (caught.value.field, caught.value.close_code) == ("encoding", 4415)


@pytest.mark.parametrize("encoding", ["pcm_f32le", "mulaw", "alaw"])
def test_it_looks_in_every_raw_encoding(encoding: Encoding) -> None:
    with pytest.raises(UnsupportedAudio, match=f"`encoding` is `{encoding}`"):
        build_decoder(encoding, 8_000).decode(FILES["webm"][0])


@pytest.mark.parametrize(
    "start",
    [
        b"",
        float_to_pcm16(sound(0.1)),
        # Quiet samples begin as frames of MP3 and AAC do.
        b"\xff\xfb\xff\xf1" * 4,
        b"ID3 is a tag",
        b"RIFF" * 4,
    ],
)
def test_it_takes_samples_for_samples(start: bytes) -> None:
    got = build_decoder("pcm_s16le", SPEECH_RATE_HZ).decode(start)
    assert len(got) == len(start) // 2


def test_it_looks_only_at_the_start() -> None:
    decoder = build_decoder("pcm_s16le", SPEECH_RATE_HZ)
    decoder.decode(bytes(12))
    assert len(decoder.decode(FILES["webm"][0][:100])) == 50
