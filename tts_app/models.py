"""What the database knows about voices."""

from __future__ import annotations

from django.db import models


class Voice(models.Model):
    """A voice that was found on this server, and whether it is offered."""

    name = models.CharField(max_length=200, unique=True)
    language = models.CharField(max_length=32, blank=True)
    quality = models.CharField(max_length=32, blank=True)
    speakers = models.JSONField(default=list, blank=True)
    sample_rate = models.PositiveIntegerField("sample rate (Hz)", default=0)
    size_bytes = models.PositiveBigIntegerField("size (bytes)", default=0)
    licence = models.CharField(max_length=200, blank=True)
    source = models.CharField(
        max_length=200, blank=True, help_text="Where its files were found."
    )
    installed = models.BooleanField(
        default=True, help_text="Whether its files were there at the last look."
    )
    enabled = models.BooleanField(
        default=True, help_text="A voice that is not enabled is not offered."
    )
    default = models.BooleanField(
        default=False, help_text="Taken when a request names no voice."
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
