"""The database models: voices and open conversations."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from common.config.llm import ConversationSettings


class Voice(models.Model):
    """A voice on this server, and whether it is enabled."""

    name = models.CharField(max_length=200, unique=True)
    language = models.CharField(max_length=32, blank=True)
    quality = models.CharField(max_length=32, blank=True)
    speakers = models.JSONField(default=list, blank=True)
    sample_rate = models.PositiveIntegerField("sample rate (Hz)", default=0)
    size_bytes = models.PositiveBigIntegerField("size (bytes)", default=0)
    licence = models.CharField(max_length=200, blank=True)
    source = models.CharField(
        max_length=200, blank=True, help_text="Where the server found its files."
    )
    sha256 = models.CharField(
        "SHA-256",
        max_length=64,
        blank=True,
        help_text="SHA-256 of the model at installation.",
    )
    installed = models.BooleanField(
        default=True, help_text="Whether its files existed at the last check."
    )
    enabled = models.BooleanField(
        default=True, help_text="The server does not offer a disabled voice."
    )
    default = models.BooleanField(
        default=False, help_text="Used when a request names no voice."
    )
    created = models.DateTimeField(auto_now_add=True)
    updated = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["default"],
                condition=models.Q(default=True),
                name="one_default_voice",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_name(self) -> str:
        """How the audit log names it: commands know no primary key."""
        return self.name


class Conversation(models.Model):
    """The last turns of a conversation with the language model, until it expires."""

    principal = models.CharField(
        max_length=255, blank=True, help_text="The id of whose conversation it is."
    )
    conversation_id = models.CharField("conversation id", max_length=128)
    turns = models.JSONField(default=list, blank=True)
    updated_at = models.DateTimeField("last turn", default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["principal", "conversation_id"], name="one_row_a_conversation"
            )
        ]

    def __str__(self) -> str:
        return self.conversation_id

    @staticmethod
    def expired_before(settings: ConversationSettings) -> datetime:
        """A conversation without a turn since then has expired."""
        age = timedelta(seconds=settings.conversation_expire_seconds)
        return timezone.now() - age
