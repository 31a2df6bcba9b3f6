"""A voice's configuration of any content is read or refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, strategies as st

from tests.fuzz.profiles import examples
from tests.fuzz.strategies import NUMBERS, SCALARS, VALUES, WRONG_JSON
from tts_app.core.piper.voice_config import RATES_HZ, BadVoiceFile, read_voice_config

GOOD: dict[str, Any] = {
    "audio": {"sample_rate": 16_000},
    "espeak": {"voice": "en-us"},
    "language": {"code": "en_US"},
    "inference": {"noise_scale": 0.6, "length_scale": 1, "noise_w": 0.8},
    "phoneme_type": "espeak",
    "phoneme_id_map": {"_": [0], "^": [1], "$": [2], "a": [3]},
    "num_symbols": 256,
    "num_speakers": 1,
    "speaker_id_map": {},
}
INNER = st.sampled_from(
    [
        ("audio", "sample_rate"),
        ("espeak", "voice"),
        ("language", "code"),
        ("inference", "noise_scale"),
        ("inference", "length_scale"),
        ("phoneme_id_map", "a"),
        ("phoneme_id_map", "_"),
        ("speaker_id_map", "x"),
    ]
)
KINDS = st.sampled_from(["pinyin", "text", "PhonemeType.TEXT", "ESPEAK", "\0"])


@st.composite
def configurations(draw: st.DrawFn) -> str:
    """A good configuration with a few wrong values."""
    plain = json.loads(json.dumps(GOOD))
    for name in draw(st.sets(st.sampled_from(sorted(GOOD)), max_size=3)):
        plain[name] = draw(st.one_of(VALUES, KINDS))
    for name, field in draw(st.lists(INNER, max_size=3)):
        if isinstance(plain[name], dict):
            plain[name][field] = draw(
                st.one_of(SCALARS, NUMBERS, st.lists(NUMBERS, max_size=2))
            )
    return json.dumps(plain)


def test_any_configuration_is_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "voice.onnx.json"

    @examples(200)
    @given(st.one_of(configurations(), configurations(), WRONG_JSON))
    def read_or_refused(text: str) -> None:
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            read = read_voice_config(path)
        except BadVoiceFile as error:
            assert str(error)
            return
        assert read["audio"]["sample_rate"] in RATES_HZ
        assert read["phoneme_type"] in ("espeak", "text")
        assert isinstance(read["num_symbols"], int)
        str(read["language"]["code"]).encode()

    read_or_refused()
