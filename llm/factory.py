"""Which language model serves, by `llm_backend` and `llm_fallback`."""

from __future__ import annotations

from dataclasses import replace

from common.config import Config, LlmEngineSettings
from common.engine import EngineSlot
from llm.engine import LlmEngine
from llm.resilience.fallback import FallbackEngine
from llm.resilience.retries import RetryPolicy
from llm.servers.ollama import OllamaEngine
from llm.servers.openai import OpenAiEngine

BACKENDS = EngineSlot(
    "llm_backend",
    "llm_options",
    {
        "ollama": "llm.servers.ollama:OllamaEngine",
        "openai": "llm.servers.openai:OpenAiEngine",
        "embedded": "llm.embedded.engine:EmbeddedEngine",
        "none": "llm.none:NoLlm",
    },
)
AUTO = ("ollama", "embedded")
_AUTO_ADVICE = "Add Ollama for better answers."
_HAS_SERVER: dict[str, type[OllamaEngine] | type[OpenAiEngine]] = {
    "ollama": OllamaEngine,
    "openai": OpenAiEngine,
}


def build_llm(config: Config) -> LlmEngine:
    """The engine that `llm_backend` names, with those of `llm_fallback` behind it.

    Nothing is started or loaded. Raises EngineFailed.
    """
    names = _order(config)
    engines = [
        _build(name, config, has_spare=position < len(names))
        for position, name in enumerate(names, 1)
    ]
    if len(engines) == 1:
        return engines[0]
    advice = _AUTO_ADVICE if config.llm_backend == "auto" else ""
    return FallbackEngine(engines, advice=advice)


def _order(config: Config) -> list[str]:
    """The names of all, the first choice first, none twice."""
    name = config.llm_backend
    if name == "none":
        return [name]
    first = AUTO if name == "auto" else (name,)
    return list(dict.fromkeys([*first, *config.llm_fallback]))


def _build(name: str, config: Config, *, has_spare: bool) -> LlmEngine:
    section = LlmEngineSettings.part_of(config)
    # With an engine that is not built in, the options are meant for that one.
    all_built_in = BACKENDS.built_in.keys() >= set(_order(config))
    takes_options = all_built_in or name not in BACKENDS.built_in
    options = config.llm_options if takes_options else {}
    if has_spare and name in _HAS_SERVER and not options:
        policy = RetryPolicy.with_a_spare(section)
        return _HAS_SERVER[name](section, policy=policy)
    slot = BACKENDS
    if name in config.llm_fallback:
        slot = replace(BACKENDS, setting="llm_fallback")
    engine: LlmEngine = slot.build(name, section, options)
    return engine
