"""The database models: spoken conversations with their turns, as they were heard."""

from __future__ import annotations

from datetime import timedelta

from django.db import models


class Conversation(models.Model):
    """One connection on which something was said."""

    conversation_id = models.CharField(
        "conversation id", max_length=64, unique=True, help_text="The session's id."
    )
    title = models.CharField(
        max_length=80, blank=True, help_text="The first words of the first question."
    )
    created_at = models.DateTimeField("started")
    ended_at = models.DateTimeField(
        "ended", db_index=True, help_text="The end of the last reply."
    )
    principal = models.CharField(
        max_length=64,
        blank=True,
        help_text="The caller: `anonymous`, or `key:` or `user:` with an id.",
    )
    client = models.CharField(
        max_length=200, blank=True, help_text="IP address of the client."
    )
    voice = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=16, blank=True)
    model = models.CharField(
        max_length=200, blank=True, help_text="The language model of the last reply."
    )
    # Both follow from the turns; they are here so that the database can sort by them.
    turn_count = models.PositiveIntegerField("turns", default=0)
    voice_to_voice_ms = models.FloatField(
        "voice to voice (ms)",
        null=True,
        blank=True,
        help_text="Median time from the end of a question to the start of its reply.",
    )

    class Meta:
        ordering = ("-created_at", "-pk")
        get_latest_by = "created_at"
        indexes = (
            models.Index(fields=["-created_at", "-id"], name="conversation_newest"),
            models.Index(
                fields=["principal", "-created_at"], name="conversation_principal"
            ),
        )

    def __str__(self) -> str:
        return f"Conversation {self.pk}"

    @property
    def length(self) -> timedelta:
        """From the connection to the end of the last reply."""
        return max(timedelta(), self.ended_at - self.created_at)


class Turn(models.Model):
    """A reply: what it answers, and what was heard of it."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="turns"
    )
    number = models.PositiveIntegerField(
        help_text="Counts the replies from 1; one that was taken back leaves a gap."
    )
    created_at = models.DateTimeField("time", help_text="The end of the reply.")
    question = models.TextField(blank=True)
    answer = models.TextField(blank=True, help_text="What was heard of it.")
    calls = models.JSONField(
        "function calls",
        default=list,
        blank=True,
        help_text="What the reply called: `name`, `arguments` and `result` of each.",
    )
    out_of_band = models.BooleanField(
        default=False, help_text="Whether the reply stands beside the conversation."
    )
    status = models.CharField(
        max_length=16, help_text="`completed`, `cancelled`, `failed` or `incomplete`."
    )
    reason = models.CharField(max_length=64, blank=True)
    stages_ms = models.JSONField(
        "stages (ms)",
        default=dict,
        blank=True,
        help_text="Latency by stage, from the end of the question.",
    )
    voice_to_voice_ms = models.FloatField(
        "voice to voice (ms)", null=True, blank=True, db_index=True
    )

    class Meta:
        ordering = ("conversation", "number")
        constraints = (
            models.UniqueConstraint(
                fields=["conversation", "number"], name="one_row_a_turn"
            ),
        )

    def __str__(self) -> str:
        return f"Turn {self.number}"

    @property
    def is_interrupted(self) -> bool:
        """Whether the reply was cut short."""
        return self.status in ("cancelled", "incomplete")
