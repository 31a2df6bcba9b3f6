"""`manage.py prune_history`: delete requests older than the retention."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway_app.history.storage import prune_expired, prune_history


class Command(BaseCommand):
    help = (
        "Delete history older than `history_retention_days`, in small batches, "
        "and conversations that have expired."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--days", type=int, help="age in days, instead of the setting"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only print what would be deleted"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Delete and report. Raises CommandError for a negative number of days."""
        dry_run: bool = options["dry_run"]
        days = options["days"]
        if days is not None and days < 0:
            raise CommandError("--days must be 0 or more.")
        verb = "Would delete" if dry_run else "Deleted"
        expired = prune_expired(settings.VOICE.config, dry_run=dry_run)
        for what, count in expired.items():
            self.stdout.write(f"{verb} {count} expired {what}.")
        if days is None:
            days = settings.VOICE.config.history_retention_days
            if days == 0:
                self.stdout.write("`history_retention_days` is 0: nothing is deleted.")
                return
        pruned = prune_history(days, dry_run=dry_run)
        self.stdout.write(
            f"{verb} {pruned.transcripts} transcripts and {pruned.syntheses} syntheses "
            f"older than {days} days."
        )
