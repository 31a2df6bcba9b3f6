"""Voices in the database: synchronised with the installed ones, and read for
requests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import QuerySet

from tts_app.core.engine import VoiceInfo
from tts_app.models import Voice


@dataclass(frozen=True)
class VoiceChoices:
    """What an administrator has chosen."""

    disabled: frozenset[str] = field(default_factory=frozenset)
    default: str = ""


@dataclass(frozen=True)
class SyncResult:
    """The changes of a sync, by name."""

    added: list[str]
    updated: list[str]
    gone: list[str]


def sync_voices(voices: Iterable[VoiceInfo]) -> SyncResult:
    """Write the installed voices; choices stay, and a missing voice is only marked."""
    found = {voice.name: voice for voice in voices}
    added: list[str] = []
    updated: list[str] = []
    with transaction.atomic():
        for name, voice in found.items():
            _, created = Voice.objects.update_or_create(
                name=name,
                defaults={
                    "language": voice.language,
                    "quality": voice.quality,
                    "speakers": list(voice.speakers),
                    "sample_rate": voice.sample_rate,
                    "size_bytes": voice.size_bytes,
                    "licence": voice.licence,
                    "source": voice.source,
                    "sha256": voice.sha256,
                    "installed": True,
                },
            )
            (added if created else updated).append(name)
        missing = Voice.objects.filter(installed=True).exclude(name__in=found)
        gone = list(missing.values_list("name", flat=True))
        missing.update(installed=False)
    return SyncResult(added, updated, gone)


def take_up_changes(voices: Iterable[VoiceInfo]) -> None:
    """Sync if voices came or went; no voices at all means that nobody looked yet."""
    found = list(voices)
    known = set(Voice.objects.filter(installed=True).values_list("name", flat=True))
    if found and known != {voice.name for voice in found}:
        sync_voices(found)


def write_checksum(name: str, sha256: str) -> None:
    """Update the checksum of a voice's model, as the admin shows it."""
    Voice.objects.filter(name=name).update(sha256=sha256)


def read_choices() -> VoiceChoices:
    """Which voices are disabled, and which one is the default."""
    rows = Voice.objects.values_list("name", "enabled", "default")
    disabled = frozenset(name for name, enabled, _ in rows if not enabled)
    default = next((name for name, _, default in rows if default), "")
    return VoiceChoices(disabled, default)


def offer_voices(chosen: QuerySet[Voice], *, offered: bool) -> int:
    """Enable or disable the voices; a disabled voice cannot be the default."""
    changes: dict[str, bool] = {"enabled": True}
    if not offered:
        changes = {"enabled": False, "default": False}
    return chosen.update(**changes)


def make_default(voice: Voice) -> None:
    """Make this voice the only default, and enable it."""
    with transaction.atomic():
        Voice.objects.filter(default=True).exclude(pk=voice.pk).update(default=False)
        Voice.objects.filter(pk=voice.pk).update(default=True, enabled=True)
