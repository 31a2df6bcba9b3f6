"""What callers used: one row for each caller and UTC day."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class UsageDay(models.Model):
    """The use of one principal in one day; of an anonymous one, by its address."""

    day = models.DateField(help_text="The day in UTC.")
    principal = models.CharField(
        max_length=64,
        help_text="The caller: `anonymous`, or `key:` or `user:` with an id; `address` "
        "for what all callers of one address used.",
    )
    client = models.CharField(
        "address",
        max_length=64,
        blank=True,
        help_text="The address (IPv6: its /64) of an anonymous caller.",
    )
    requests = models.BigIntegerField(default=0)
    errors = models.BigIntegerField(default=0)
    sessions = models.BigIntegerField(default=0)
    audio_in_seconds = models.FloatField("audio in (s)", default=0.0)
    audio_out_seconds = models.FloatField("audio out (s)", default=0.0)
    llm_tokens_in = models.BigIntegerField("tokens in", default=0)
    llm_tokens_out = models.BigIntegerField("tokens out", default=0)

    class Meta:
        ordering = ("-day", "principal", "client")
        verbose_name = "usage of a day"
        verbose_name_plural = "usage"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["day", "principal", "client"], name="one_row_a_caller_and_day"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["principal", "-day"], name="usage_principal"),
            models.Index(fields=["client", "-day"], name="usage_client"),
        ]

    def __str__(self) -> str:
        return f"{self.principal} {self.day}"
