"""The models: the history, with one row for each transcript and each synthesis, who is
being forgotten, and those of the folders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone

from gateway_app.audit import sign_ins
from gateway_app.audit.models import AuditEvent
from gateway_app.keys.models import ApiKey, KeySecret, KeysVersion
from gateway_app.probes.models import Heartbeat
from gateway_app.usage.models import UsageDay

__all__ = [
    "ApiKey",
    "AuditEvent",
    "Heartbeat",
    "HistoryEntry",
    "KeySecret",
    "KeysVersion",
    "Status",
    "Synthesis",
    "Transcript",
    "UsageDay",
    "sign_ins",  # receives Django's signals
]


class Status(models.TextChoices):
    """How a request ended."""

    OK = "ok", "OK"
    ERROR = "error", "Error"
    CANCELLED = "cancelled", "Cancelled"


class HistoryEntry(models.Model):
    """The common fields of all requests."""

    # Stages are copied to these columns, so that the database can sort by them.
    STAGE_COLUMNS: ClassVar[tuple[str, ...]] = ()

    created_at = models.DateTimeField("time", default=timezone.now)
    status = models.CharField(
        max_length=16, choices=Status.choices, default=Status.OK.value
    )
    error = models.TextField(
        blank=True, help_text="The error message sent to the client."
    )
    language = models.CharField(max_length=16, blank=True)
    model = models.CharField(max_length=200, blank=True)
    duration_seconds = models.FloatField(
        "audio (s)", default=0.0, help_text="Length of the audio."
    )
    stages_ms = models.JSONField(
        "stages (ms)", default=dict, blank=True, help_text="Latency by stage."
    )
    client = models.CharField(
        max_length=200, blank=True, help_text="IP address of the client."
    )
    principal = models.CharField(
        max_length=64,
        blank=True,
        help_text="The caller: `anonymous`, or `key:` or `user:` with an id.",
    )
    request_id = models.CharField("request id", max_length=64, blank=True)

    class Meta:
        abstract = True
        ordering = ("-created_at", "-pk")
        get_latest_by = "created_at"
        indexes: ClassVar[list[models.Index] | tuple[models.Index, ...]] = [
            models.Index(fields=["-created_at", "-id"], name="%(class)s_newest"),
            models.Index(fields=["status", "-created_at"], name="%(class)s_status"),
            models.Index(fields=["language", "-created_at"], name="%(class)s_language"),
            models.Index(fields=["request_id"], name="%(class)s_request"),
            models.Index(
                fields=["principal", "-created_at"], name="%(class)s_principal"
            ),
        ]

    @classmethod
    def write(cls, rows: Sequence[Self], database: str) -> None:
        """Insert them. Raises Django's database errors."""
        for row in rows:
            row.pk = None  # set by an earlier try that was rolled back
        cls._default_manager.using(database).bulk_create(rows)


class Transcript(HistoryEntry):
    """One utterance that was transcribed."""

    STAGE_COLUMNS = ("transcribe_ms", "final_ms")

    text = models.TextField(blank=True)
    session_id = models.CharField("session id", max_length=64, blank=True)
    transcribe_ms = models.FloatField("transcribe (ms)", null=True, blank=True)
    final_ms = models.FloatField(
        "final (ms)",
        null=True,
        blank=True,
        help_text="From the end of speech to the transcript.",
    )

    class Meta(HistoryEntry.Meta):
        indexes = [
            *HistoryEntry.Meta.indexes,
            models.Index(fields=["session_id"], name="%(class)s_session"),
            models.Index(fields=["final_ms"], name="%(class)s_final_ms"),
        ]

    def __str__(self) -> str:
        return f"Transcript {self.pk}"

    @property
    def is_utterance(self) -> bool:
        """Whether it is an utterance of a live session. The id of a file may come from
        the client, and may be that of several requests."""
        return self.request_id != self.session_id

    @classmethod
    def write(cls, rows: Sequence[Self], database: str) -> None:
        """An utterance that is transcribed again after a lost connection replaces its
        earlier row."""
        files = [row for row in rows if not row.is_utterance]
        heard = {row.request_id: row for row in rows if row.is_utterance}
        sessions = {row.session_id for row in heard.values()}
        cls._default_manager.using(database).filter(
            request_id__in=heard, session_id__in=sessions
        ).delete()
        super().write([*files, *heard.values()], database)


class Synthesis(HistoryEntry):
    """One request for speech."""

    STAGE_COLUMNS = ("llm_first_token_ms", "first_audio_ms", "total_ms")

    text_in = models.TextField(
        "text in", blank=True, help_text="The text of the request."
    )
    text_out = models.TextField("text out", blank=True, help_text="The spoken text.")
    voice = models.CharField(max_length=200, blank=True)
    audio_format = models.CharField("format", max_length=16, blank=True)
    llm_first_token_ms = models.FloatField("first token (ms)", null=True, blank=True)
    first_audio_ms = models.FloatField(
        "first audio (ms)",
        null=True,
        blank=True,
        help_text="From the request to the first byte of audio.",
    )
    total_ms = models.FloatField("total (ms)", null=True, blank=True)

    class Meta(HistoryEntry.Meta):
        verbose_name_plural = "syntheses"
        indexes = [
            *HistoryEntry.Meta.indexes,
            models.Index(fields=["voice", "-created_at"], name="%(class)s_voice"),
            models.Index(fields=["first_audio_ms"], name="%(class)s_audio_ms"),
            models.Index(fields=["total_ms"], name="%(class)s_total_ms"),
        ]

    def __str__(self) -> str:
        return f"Synthesis {self.pk}"


class Forgetting(models.Model):
    """Tells running servers to drop what they hold of somebody in memory.

    `manage.py forget` writes it, waits until they have seen it, and deletes it.
    """

    principals = models.JSONField(default=list)
    networks = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Forgetting {self.pk}"
