"""`manage.py backup`: the database, the voices and the configuration in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.utils import timezone

from gateway_app.access.principals import LOCAL
from gateway_app.audit.log import Action, record
from gateway_app.audit.models import AuditEvent
from voiceproject.storage.archive import VOICES
from voiceproject.storage.backup import back_up, usual_name
from voiceproject.storage.failing import explained


class Command(BaseCommand):
    help = (
        "Write the database, the voices, config.yaml and the generated secret key into "
        "one new file. Servers may run on. The file holds secrets: keep it safe."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", nargs="?", help="a new .zip file; without, one with the time here"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Write the file and report. Raises CommandError."""
        target = Path(options["file"] or usual_name(timezone.now()))
        with explained("No backup"):
            manifest = back_up(settings.VOICE, target)
            if AuditEvent._meta.db_table in connection.introspection.table_names():
                record(LOCAL.id, Action.BACKED_UP, target.name)
        voices = sum(name.startswith(VOICES) for name in manifest.files)
        size_mb = target.stat().st_size / 1e6
        self.stdout.write(
            f"Wrote {target} ({size_mb:.1f} MB): the database, {voices} voice "
            f"{'file' if voices == 1 else 'files'}, "
            "the configuration. It holds secrets and is readable by you only."
        )
