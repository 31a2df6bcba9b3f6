"""Checks a voice's ONNX file without running it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from tts_app.core.piper.onnx_graph import NotOnnx, graph_facts
from tts_app.core.piper.voice import SPEAKER_INPUT
from tts_app.core.piper.voice_config import BadVoiceFile, DamagedVoiceFile

NEEDED_INPUTS = frozenset({"input", "input_lengths", "scales"})


def check_graph(onnx: Path, speakers: int) -> None:
    """Raises BadVoiceFile unless it is a Piper voice with this number of speakers."""
    try:
        status = onnx.stat()
        inputs = _inputs(onnx, status.st_mtime_ns, status.st_size)
    except OSError as error:
        raise DamagedVoiceFile(f"it cannot be read ({error.strerror})") from error
    except NotOnnx as error:
        raise DamagedVoiceFile(f"this is not an ONNX model: {error}") from error
    needed = NEEDED_INPUTS | ({SPEAKER_INPUT} if speakers > 1 else set())
    if missing := needed - inputs:
        given = ", ".join(sorted(inputs)) or "nothing"
        raise BadVoiceFile(
            f"this is not a Piper voice with {speakers} speaker"
            f"{'' if speakers == 1 else 's'}: it takes {given}, but not "
            f"{', '.join(sorted(missing))}"
        )


@lru_cache(maxsize=1_000)
def _inputs(onnx: Path, _changed: int, _size: int) -> frozenset[str]:
    """Read once for each version of the file. Raises NotOnnx and BadVoiceFile."""
    facts = graph_facts(onnx.read_bytes())
    if facts.external_data:
        raise BadVoiceFile("it stores weights in other files")
    return frozenset(facts.inputs)
