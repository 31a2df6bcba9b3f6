"""Voices in the database: kept in step with what is installed, and read for requests."""

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
    """What a sync changed, by name."""

    added: list[str]
    updated: list[str]
    gone: list[str]


def sync_voices(voices: Iterable[VoiceInfo]) -> SyncResult:
    """Write what is installed; choices stay, and a voice that is gone is only marked."""
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


def write_checksum(name: str, sha256: str) -> None:
    """What the model of a voice is from now on, for those who look at it in the admin."""
    Voice.objects.filter(name=name).update(sha256=sha256)


def read_choices() -> VoiceChoices:
    """Which voices are disabled, and which one is the default."""
    rows = Voice.objects.values_list("name", "enabled", "default")
    disabled = frozenset(name for name, enabled, _ in rows if not enabled)
    default = next((name for name, _, default in rows if default), "")
    return VoiceChoices(disabled, default)


def offer_voices(chosen: QuerySet[Voice], *, offered: bool) -> int:
    """Offer the voices or stop it; a default that is not offered is none."""
    changes: dict[str, bool] = {"enabled": True}
    if not offered:
        changes = {"enabled": False, "default": False}
    return chosen.update(**changes)


def make_default(voice: Voice) -> None:
    """Exactly this voice is the default, and it is offered."""
    with transaction.atomic():
        Voice.objects.filter(default=True).exclude(pk=voice.pk).update(default=False)
        Voice.objects.filter(pk=voice.pk).update(default=True, enabled=True)
