"""The kinds of data that the gateway keeps, for retention, `forget` and `export`."""

from __future__ import annotations

from django.db import DEFAULT_DB_ALIAS

from common.config.retention import RetentionSettings
from gateway_app.models import Synthesis, Transcript, UsageDay
from gateway_app.retention.accounts import KeptAccounts, KeptAdminLog, KeptSessions
from gateway_app.retention.api_keys import KeptKeys
from gateway_app.retention.audit import KeptAudit
from gateway_app.retention.kept import Kept
from gateway_app.retention.tables import KeptRows


def kept_by_gateway(
    config: RetentionSettings, database: str = DEFAULT_DB_ALIAS
) -> list[Kept]:
    """In the order in which they are shown."""
    return [
        KeptRows(
            "transcripts",
            Transcript,
            "transcript_retention_days",
            config.transcripts_kept,
            client="client",
            database=database,
        ),
        KeptRows(
            "syntheses",
            Synthesis,
            "synthesis_retention_days",
            config.syntheses_kept,
            client="client",
            database=database,
        ),
        KeptRows(
            "days of usage",
            UsageDay,
            "usage_retention_days",
            config.usage_kept,
            time="day",
            client="client",
            database=database,
        ),
        KeptAudit(config.audit_kept, database),
        KeptAdminLog(config.audit_kept, database),
        KeptSessions(database),
        KeptAccounts(database),
        KeptKeys(database),
    ]
