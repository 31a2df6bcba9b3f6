"""Which language model serves, by `llm_backend` and `llm_fallback`."""

from __future__ import annotations

from common.config import Config
from common.engine import load_by_path
from common.errors import EngineFailed
from llm.engine import LlmEngine
from llm.resilience.fallback import FallbackEngine
from llm.resilience.retries import RetryPolicy
from llm.servers.ollama import OllamaEngine
from llm.servers.ollama_sight import WithOllamaSight
from llm.servers.openai import OpenAiEngine

BACKENDS = {
    "ollama": "llm.servers.ollama:OllamaEngine",
    "openai": "llm.servers.openai:OpenAiEngine",
    "embedded": "llm.embedded.engine:EmbeddedEngine",
    "none": "llm.none:NoLlm",
}
"""Each is called with the configuration and returns an LlmEngine."""

AUTO = ("ollama", "embedded")
_HAS_SERVER = {"ollama": OllamaEngine, "openai": OpenAiEngine}


def build_llm(config: Config) -> LlmEngine:
    """The engine that `llm_backend` names, with those of `llm_fallback` behind it."""
    names = _order(config)
    engines = [
        _build(name, config, has_spare=position < len(names))
        for position, name in enumerate(names, 1)
    ]
    engine = engines[0] if len(engines) == 1 else FallbackEngine(engines)
    if "ollama" in names:
        return engine
    # One that is only looked at loads nothing.
    looked_at = config.model_copy(update={"ollama_warm_up": False})
    return WithOllamaSight(engine, OllamaEngine(looked_at))


def _order(config: Config) -> list[str]:
    """The names of all, the first choice first, none twice."""
    name = config.llm_backend
    if name == "none":
        return [name]
    first = AUTO if name == "auto" else (name,)
    return list(dict.fromkeys([*first, *config.llm_fallback]))


def _build(name: str, config: Config, *, has_spare: bool) -> LlmEngine:
    if has_spare and name in _HAS_SERVER:
        policy = RetryPolicy.with_a_spare(config)
        return _HAS_SERVER[name](config, policy=policy)
    setting = "llm_backend" if name == config.llm_backend else "llm_fallback"
    try:
        engine: LlmEngine = load_by_path(BACKENDS.get(name, name))(config)
    except ImportError as error:
        raise EngineFailed(
            f"`{setting}` names {name}, which cannot be imported: {error}."
        ) from error
    return engine
