"""Reads a voice's .onnx.json in all the dialects that are found, and checks it.

The form that Piper reads: https://github.com/OHF-Voice/piper1-gpl/blob/main/docs/TRAINING.md
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from common.models.download import MAX_CONFIG_BYTES

RATES_HZ = range(8_000, 48_001)
MAX_SPEAKERS = 10_000
MAX_SYMBOLS = 10_000
PHONEME_TYPES = ("espeak", "text")
NEEDED_PHONEMES = {"_": "padding", "^": "start", "$": "end"}
"""Piper puts them into every sentence."""
SCALES = {
    "noise_scale": (0.0, 10.0),
    "length_scale": (0.05, 20.0),
    "noise_w": (0.0, 10.0),
}
"""The values that leave speech recognisable."""
NEEDS_MORE = {
    "pinyin": 'needs a phonemizer for Chinese, which this server does not have (Piper\'s extra "zh", and a model that it downloads)',
    "hebrew": "needs a phonemizer for Hebrew, which this server does not have",
    "japanese": "needs a phonemizer for Japanese, which this server does not have",
    "thai": "needs a phonemizer for Thai, which this server does not have",
}


class BadVoiceFile(ValueError):
    """What is wrong with a voice, as the end of a sentence."""


class DamagedVoiceFile(BadVoiceFile):
    """A copy of the same file may be good."""


def read_voice_config(path: Path) -> dict[str, Any]:
    """The configuration in the form that Piper reads. Raises BadVoiceFile."""
    plain = _read(path)
    try:
        return _usual_form(plain)
    except BadVoiceFile:
        raise
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadVoiceFile(f"a value has the wrong type ({error})") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise BadVoiceFile("it is too large")
        # Editors on Windows write a byte order mark.
        text = path.read_text(encoding="utf-8-sig")
        if not text.strip():
            raise DamagedVoiceFile("it is empty")
        plain = json.loads(text)
    except OSError as error:
        raise DamagedVoiceFile(f"it cannot be read ({error.strerror})") from error
    except BadVoiceFile:
        raise
    except (ValueError, RecursionError) as error:
        raise DamagedVoiceFile(f"it cannot be read: {error}") from error
    if not isinstance(plain, dict):
        raise BadVoiceFile("it is not a JSON object")
    return plain


def _usual_form(plain: dict[str, Any]) -> dict[str, Any]:
    audio = plain.get("audio") or {}
    rate_hz = _rate_hz(audio)
    kind = _phoneme_type(plain.get("phoneme_type"))
    ids = _phoneme_ids(plain.get("phoneme_id_map") or {})
    language = _language(plain)
    speakers = {str(k): int(v) for k, v in (plain.get("speaker_id_map") or {}).items()}
    return {
        **plain,
        "audio": {**audio, "sample_rate": rate_hz},
        "language": {"code": language},
        "espeak": {"voice": _espeak_voice(plain, language, kind)},
        "inference": _inference(plain.get("inference") or {}),
        "phoneme_type": kind,
        "phoneme_id_map": ids,
        "num_symbols": _symbol_count(plain.get("num_symbols"), ids),
        "speaker_id_map": speakers,
        "num_speakers": _speaker_count(plain.get("num_speakers"), speakers),
    }


def _rate_hz(audio: Mapping[str, Any]) -> int:
    try:
        rate_hz = int(audio["sample_rate"])
    except (KeyError, ValueError) as error:
        raise BadVoiceFile("`audio.sample_rate` is missing or no number") from error
    if rate_hz not in RATES_HZ:
        raise BadVoiceFile(f"its sample rate is {rate_hz}")
    return rate_hz


def _phoneme_type(given: Any) -> str:
    # Older tools wrote the name of Python's enumeration.
    kind = str(given or "espeak").removeprefix("PhonemeType.").lower()
    if kind in NEEDS_MORE:
        raise BadVoiceFile(f"its phoneme type `{kind}` {NEEDS_MORE[kind]}")
    if kind not in PHONEME_TYPES:
        raise BadVoiceFile(f"its phoneme type `{kind[:40]}` is unknown")
    return kind


def _phoneme_ids(given: Mapping[str, Any]) -> dict[str, list[int]]:
    ids = {
        str(phoneme): [int(id) for id in (each if isinstance(each, list) else [each])]
        for phoneme, each in given.items()
    }
    missing = [
        f"{what} (`{symbol}`)"
        for symbol, what in NEEDED_PHONEMES.items()
        if not ids.get(symbol)
    ]
    if missing:
        raise BadVoiceFile(f"`phoneme_id_map` has no ids for {', '.join(missing)}")
    if not all(0 <= id < MAX_SYMBOLS for each in ids.values() for id in each):
        raise BadVoiceFile(f"`phoneme_id_map` has ids outside 0 to {MAX_SYMBOLS - 1}")
    return ids


def _symbol_count(given: Any, ids: Mapping[str, list[int]]) -> int:
    count = int(given or len(ids))
    if not 1 <= count <= MAX_SYMBOLS:
        raise BadVoiceFile(f"`num_symbols` is {count}")
    return count


def _language(plain: Mapping[str, Any]) -> str:
    """A code such as `en_US`; some voices have only a string, or only eSpeak's name."""
    given = plain.get("language") or ""
    code = given if isinstance(given, str) else given.get("code") or given.get("family")
    return str(code or (plain.get("espeak") or {}).get("voice") or "")


def _espeak_voice(plain: Mapping[str, Any], language: str, kind: str) -> str:
    """Raises BadVoiceFile for one that eSpeak does not have."""
    voice = str((plain.get("espeak") or {}).get("voice") or "")
    if kind != "espeak":
        return voice
    known = espeak_voices()
    whole = language.replace("_", "-").lower()
    wanted = [voice] if voice else [whole, whole.split("-")[0]]
    for each in wanted:
        if not known or each.split("+")[0].lower() in known:
            return each
    if voice:
        raise BadVoiceFile(f"eSpeak has no voice `{voice[:40]}` (`espeak.voice`)")
    raise BadVoiceFile("`espeak.voice` is missing")


@cache
def espeak_voices() -> frozenset[str]:
    """The names by which eSpeak's languages can be chosen; empty if it is not here."""
    spec = find_spec("piper")
    places = list(spec.submodule_search_locations or []) if spec else []
    names = set()
    for place in places:
        for path in (Path(place) / "espeak-ng-data" / "lang").rglob("*"):
            if path.is_file():
                names.add(path.name.lower())
                names.update(_languages_in(path))
    return frozenset(names)


def _languages_in(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    words = [line.split() for line in lines if line.startswith("language ")]
    return [each[1].lower() for each in words if len(each) > 1]


def _inference(given: Mapping[str, Any]) -> dict[str, float]:
    """The scales that are given. Raises BadVoiceFile for one that ruins all speech."""
    scales = {}
    for name, (least, most) in SCALES.items():
        if given.get(name) is None:
            continue
        value = float(given[name])
        if not (math.isfinite(value) and least <= value <= most):
            raise BadVoiceFile(f"`inference.{name}` is {value:g}")
        scales[name] = value
    return scales


def _speaker_count(given: Any, speakers: Mapping[str, int]) -> int:
    count = int(given) if given is not None else max(1, len(speakers))
    if not 1 <= count <= MAX_SPEAKERS:
        raise BadVoiceFile(f"`num_speakers` is {count}")
    outside = [name for name, number in speakers.items() if not 0 <= number < count]
    if outside:
        raise BadVoiceFile(
            f"`speaker_id_map` numbers `{outside[0][:40]}` beyond `num_speakers`, {count}"
        )
    return count
