"""Files in `voices_dir` that look like a voice but have no partner."""

from __future__ import annotations

from pathlib import Path

CONFIG_SUFFIX = ".onnx.json"


def stray_voice_files(folder: Path) -> dict[str, str]:
    """What to do about each, by the voice's name."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.onnx")):
        if not path.with_name(f"{path.name}.json").is_file():
            found[path.stem] = _without_config(path)
    for path in sorted(folder.rglob("*.json")):
        if path.name.startswith("."):
            continue
        name = path.name.removesuffix(".json").removesuffix(".onnx")
        if not path.with_name(f"{name}.onnx").is_file() and _is_config(path):
            found[name] = f"{path} has no {name}.onnx beside it: copy it there."
    return found


def _without_config(onnx: Path) -> str:
    wanted = f"{onnx.name}.json"
    other = onnx.with_suffix(".json")
    if other.is_file():
        return f"{onnx} needs {wanted}, but {other.name} is there: rename it."
    return f"{onnx} has no {wanted} beside it: copy it there."


def _is_config(path: Path) -> bool:
    if path.name.endswith(CONFIG_SUFFIX):
        return True
    try:
        with path.open("rb") as file:
            return b'"phoneme_id_map"' in file.read(100_000)
    except OSError:
        return False
