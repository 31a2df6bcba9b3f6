"""Settings of the models and engines: where they come from and how they run."""

from __future__ import annotations

from typing import Literal

from common.config.engine_options import EngineOptionsSetting
from common.config.setting import Section, setting


class ModelSettings(Section):
    """Where models come from and how the engines run."""

    models_dir: str = setting("models", "Folder for downloaded models.")
    cache_dir: str = setting(
        "",
        "Folder for models assembled from installed packages; empty uses the user's cache folder.",
    )
    embedded_llm_path: str = setting(
        "",
        "GGUF file of the embedded language model; empty uses the installed SmolLM2.",
    )
    offline: bool = setting(False, "Never use the network to get models or voices.")
    engine_isolation: Literal["process", "thread"] = setting(
        "process",
        "Run engines in separate processes, or in threads (for debugging).",
    )
    worker_timeout_seconds: float = setting(
        0.0,
        "Time without output after which a worker process is replaced and its job retried once; 0 uses 60 s (Piper: 30 s), or ten times the worker's start time if that is longer.",
        ge=0,
    )
    worker_memory_cap_mb: int = setting(
        0,
        "Resident memory at which a worker process is replaced; 0 means never.",
        ge=0,
    )
    stt_engine: str = setting(
        "whisper",
        "Speech-to-text engine: `whisper`, `http` (another server with an OpenAI-compatible audio API), or the dotted path `package.module:Class` of your own engine.",
    )
    tts_engine: str = setting(
        "piper",
        "Text-to-speech engine: `piper`, `http` (another server with an OpenAI-compatible audio API), or the dotted path `package.module:Class` of your own engine.",
    )
    turn_model: Literal["smart-turn", "none"] = setting(
        "smart-turn",
        "Model that hears whether a speaker has finished, for semantic endpointing; with `none`, or if its file is missing, a pause of one length ends a turn.",
    )
    stt_engine_options: EngineOptionsSetting = setting(
        {},
        "Options of the speech-to-text engine `http` or of your own engine: a mapping here, a JSON object in the environment.",
    )
    tts_engine_options: EngineOptionsSetting = setting(
        {},
        "Options of the text-to-speech engine `http` or of your own engine: a mapping here, a JSON object in the environment.",
    )
