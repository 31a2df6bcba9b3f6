"""What the components of `/health` are called on pages and in the terminal."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PART_NAMES: dict[str, Promise | str] = {
    "whisper": _("Speech to text"),
    "piper": _("Text to speech"),
    "llm": _("Language model"),
    "turn_model": _("End of turn"),
    "database": _("Database"),
    "disk": _("Disk"),
    "redis": "Redis",
}


def part_name(part: str) -> str:
    """In the language of the page; English outside of requests."""
    return str(PART_NAMES.get(part, part))
