"""The audit log: one row for each change, deletion and failed attempt."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.utils import timezone


class Action(StrEnum):
    """What happened. Stored as text, so that a new action needs no migration."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    EXPORTED = "exported"
    INSTALLED = "installed"
    ACCEPTED = "accepted"
    """The current files of a voice, whatever their checksums were."""
    ROTATED = "rotated"
    REVOKED = "revoked"
    FORGOTTEN = "forgotten"
    PRUNED = "pruned"
    BACKED_UP = "backed_up"
    RESTORED = "restored"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SIGN_IN_FAILED = "sign_in_failed"


class AuditEvent(models.Model):
    """One event. Rows are only added; retention alone deletes them."""

    created_at = models.DateTimeField("time", default=timezone.now)
    actor = models.CharField(
        max_length=64,
        help_text="The principal: `user:` or `key:` with an id, `anonymous`, or "
        "`local` for commands on the machine.",
    )
    actor_name = models.CharField("name", max_length=200, blank=True)
    action = models.CharField(max_length=32)
    subject = models.CharField(
        max_length=200, help_text="What it happened to, such as `voice:NAME`."
    )
    details = models.JSONField(default=dict, blank=True)
    client = models.CharField(
        max_length=64, blank=True, help_text="IP address of the client."
    )
    request_id = models.CharField("request id", max_length=64, blank=True)

    class Meta:
        verbose_name = "audit event"
        default_permissions = ("view",)
        ordering = ("-created_at", "-pk")
        get_latest_by = "created_at"
        indexes = (
            models.Index(fields=["-created_at", "-id"], name="auditevent_newest"),
            models.Index(fields=["actor", "-created_at"], name="auditevent_actor"),
            models.Index(fields=["action", "-created_at"], name="auditevent_action"),
            models.Index(fields=["subject", "-created_at"], name="auditevent_subject"),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
