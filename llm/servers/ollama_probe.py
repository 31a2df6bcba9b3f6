"""Whether an Ollama server answers, even if another backend is in use."""

from __future__ import annotations

import httpx

from common.config.llm import LlmSettings
from common.engine import PartHealth, PartState
from common.errors import EngineFailed
from common.remote.certificates import trusted_certificates
from common.remote.failures import AskFailed
from llm.servers.ollama import OllamaDialect

_PATIENCE_SECONDS = 1.0


async def ask_ollama(settings: LlmSettings) -> PartHealth:
    """Asks the server at `ollama_url` for its models; a second at most. Never raises."""
    dialect = OllamaDialect(settings)
    try:
        async with _client() as client:
            problem = await dialect.problem(client)
        where = dialect.shown_url
    except EngineFailed as error:
        return PartHealth(PartState.DOWN, error.message)
    except (httpx.HTTPError, AskFailed):
        return PartHealth(PartState.DOWN, "No Ollama server answers.")
    if not dialect.answers:
        return PartHealth(PartState.DOWN, f"Ollama at {where} {problem}.")
    return PartHealth(PartState.READY, f"Ollama at {where} answers.")


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(
        timeout=_PATIENCE_SECONDS, trust_env=False, verify=trusted_certificates()
    )
