"""`manage.py restore`: put a backup in the place of what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from gateway_app.access.principals import LOCAL
from gateway_app.audit.log import Action, record
from voiceproject.storage.failing import explained
from voiceproject.storage.restore import Restored, restore


class Command(BaseCommand):
    help = (
        "Replace the database, the voices and the secret key by those of a backup. "
        "Stop the servers first. What is replaced is kept beside the data."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="a file of `manage.py backup`")
        parser.add_argument(
            "--config", action="store_true", help="also replace config.yaml"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Restore and report. Raises CommandError."""
        archive = Path(options["file"])
        with explained("Not restored"):
            done = restore(
                settings.VOICE, archive, with_configuration=options["config"]
            )
            record(LOCAL.id, Action.RESTORED, archive.name)
        self._report(done)

    def _report(self, done: Restored) -> None:
        manifest = done.manifest
        self.stdout.write(
            f"Restored the backup of {manifest.created_at} (version {manifest.version})."
        )
        self.stdout.write(f"What was replaced is in {done.replaced}.")
        if done.configuration is not None:
            self.stdout.write(
                f"The configuration in use was left as it is; the backup's is "
                f"{done.configuration} (--config replaces it)."
            )
        self.stdout.write(
            "Everybody signs in again. API keys that were revoked after the backup are "
            "valid again, and whoever was forgotten since is back: repeat both."
        )
