"""The system prompt."""

from __future__ import annotations

from pathlib import Path

from common.config import project_dir
from common.config.llm import LlmSettings
from common.errors import EngineFailed

SPOKEN_ANSWERS = (
    "You are a friendly voice assistant. Your answer is read aloud, so write one to "
    "three short, plain sentences in the language of the question. Use no lists, no "
    "headings, no markdown, no emoji and no web addresses."
)


def system_prompt(settings: LlmSettings) -> str:
    """The text of `system_prompt_path`, or the built-in one. Raises EngineFailed."""
    if not settings.system_prompt_path:
        return SPOKEN_ANSWERS
    path = project_dir() / Path(settings.system_prompt_path).expanduser()
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise EngineFailed(
            f"`system_prompt_path` names {path}, which cannot be read: {error}."
        ) from error
