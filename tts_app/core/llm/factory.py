"""Which language model serves, by `llm_backend`."""

from __future__ import annotations

from common.config import Config
from common.engine import load_by_path
from common.errors import EngineFailed
from tts_app.core.llm.base import LlmEngine
from tts_app.core.llm.ollama import OllamaEngine
from tts_app.core.llm.ollama_sight import WithOllamaSight

BACKENDS = {
    "auto": "tts_app.core.llm.auto:build_auto",
    "ollama": "tts_app.core.llm.ollama:OllamaEngine",
    "openai": "tts_app.core.llm.openai:OpenAiEngine",
    "embedded": "tts_app.core.llm.embedded:EmbeddedEngine",
    "none": "tts_app.core.llm.none:NoLlm",
}
"""Each is called with the configuration and returns an LlmEngine."""

_SEES_OLLAMA = ("auto", "ollama")


def build_llm(config: Config) -> LlmEngine:
    """The engine that `llm_backend` names, or the one at its dotted path."""
    name = config.llm_backend
    try:
        engine: LlmEngine = load_by_path(BACKENDS.get(name, name))(config)
    except ImportError as error:
        raise EngineFailed(
            f"`llm_backend` names {name}, which cannot be imported: {error}."
        ) from error
    if name in _SEES_OLLAMA:
        return engine
    return WithOllamaSight(engine, OllamaEngine(config))
