"""Settings that say how long each kind of data is kept."""

from __future__ import annotations

from datetime import timedelta

from common.config.setting import Section, setting

LONGEST_DAYS = 36_500


class RetentionSettings(Section):
    """How long each kind of data is kept. The server deletes what is older, in small batches, as does `manage.py prune`."""

    history_retention_days: int = setting(
        30,
        "Days that transcripts, syntheses and spoken conversations are kept; 0 keeps them.",
        ge=0,
        le=LONGEST_DAYS,
    )
    transcript_retention_days: int | None = setting(
        None,
        "The same for transcripts alone; empty uses `history_retention_days`.",
        ge=0,
        le=LONGEST_DAYS,
    )
    synthesis_retention_days: int | None = setting(
        None,
        "The same for syntheses alone; empty uses `history_retention_days`.",
        ge=0,
        le=LONGEST_DAYS,
    )
    conversation_retention_days: int | None = setting(
        None,
        "The same for spoken conversations alone; empty uses `history_retention_days`.",
        ge=0,
        le=LONGEST_DAYS,
    )
    usage_retention_days: int = setting(
        400,
        "Days that the daily usage of each key, user and address is kept; 0 keeps it.",
        ge=0,
        le=LONGEST_DAYS,
    )
    audit_retention_days: int = setting(
        365,
        "Days that the audit log and the admin's log of changes are kept; 0 keeps them.",
        ge=0,
        le=LONGEST_DAYS,
    )
    sign_in_days: int = setting(
        14, "Days that a browser stays signed in.", ge=1, le=365
    )

    @property
    def transcripts_kept(self) -> timedelta | None:
        """None keeps them."""
        return _days(self.transcript_retention_days, self.history_retention_days)

    @property
    def syntheses_kept(self) -> timedelta | None:
        """None keeps them."""
        return _days(self.synthesis_retention_days, self.history_retention_days)

    @property
    def conversations_kept(self) -> timedelta | None:
        """None keeps them."""
        return _days(self.conversation_retention_days, self.history_retention_days)

    @property
    def usage_kept(self) -> timedelta | None:
        """None keeps it."""
        return _days(self.usage_retention_days)

    @property
    def audit_kept(self) -> timedelta | None:
        """None keeps it."""
        return _days(self.audit_retention_days)


def _days(*choices: int | None) -> timedelta | None:
    """The first that is chosen; 0 days mean that nothing is deleted."""
    days = next(each for each in choices if each is not None)
    return timedelta(days=days) if days else None
