"""The kinds of data that the gateway keeps, for retention, `forget` and `export`."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import DEFAULT_DB_ALIAS

from common.config.retention import RetentionSettings
from gateway_app.audit.models import AuditEvent
from gateway_app.keys.models import ApiKey, KeySecret
from gateway_app.models import Synthesis, Transcript, UsageDay
from gateway_app.retention.accounts import KeptAccounts, KeptAdminLog, KeptSessions
from gateway_app.retention.audit import KeptAudit
from gateway_app.retention.kept import Kept
from gateway_app.retention.tables import KeptAccess, KeptRows


def kept_by_gateway(
    config: RetentionSettings, database: str = DEFAULT_DB_ALIAS
) -> list[Kept]:
    """In the order in which they are shown."""
    return [
        KeptRows(
            "transcripts",
            "transcript",
            Transcript,
            "transcript_retention_days",
            config.transcripts_kept,
            client="client",
            database=database,
        ),
        KeptRows(
            "syntheses",
            "synthesis",
            Synthesis,
            "synthesis_retention_days",
            config.syntheses_kept,
            client="client",
            database=database,
        ),
        KeptRows(
            "days of usage",
            "day of usage",
            UsageDay,
            "usage_retention_days",
            config.usage_kept,
            time="day",
            client="client",
            database=database,
        ),
        *_records(config, database),
        *_access(database),
    ]


def _records(config: RetentionSettings, database: str) -> list[Kept]:
    """What was done, and who is signed in."""
    return [
        KeptAudit(
            "audit events",
            "audit event",
            AuditEvent,
            "audit_retention_days",
            config.audit_kept,
            database=database,
        ),
        KeptAdminLog(
            "entries of the admin's log",
            "entry of the admin's log",
            LogEntry,
            "audit_retention_days",
            config.audit_kept,
            time="action_time",
            hidden=("content_type",),
            database=database,
        ),
        KeptSessions(
            "sign-in sessions",
            "sign-in session",
            Session,
            "sign_in_days",
            timedelta(0),
            time="expire_date",
            database=database,
        ),
    ]


def _access(database: str) -> list[Kept]:
    """They are deleted by hand only."""
    return [
        KeptAccounts(
            "accounts",
            "account",
            get_user_model(),
            "",
            None,
            hidden=("password",),
            database=database,
            stays="an account gives access and is no record: delete it under Users in "
            "the admin",
        ),
        KeptAccess(
            "API keys",
            "API key",
            ApiKey,
            "",
            None,
            parts=(KeySecret,),
            database=database,
            stays="a key gives access and is no record: delete it with "
            "`manage.py keys delete`",
        ),
    ]
