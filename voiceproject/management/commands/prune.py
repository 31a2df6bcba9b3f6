"""`manage.py prune`: delete what is older than its retention."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gateway_app.access.principals import LOCAL
from gateway_app.audit.log import Action, record
from gateway_app.retention.kept import Kept, counted
from gateway_app.retention.pruning import prune
from voiceproject.storage.failing import explained
from voiceproject.storage.kinds import kept_data


class Command(BaseCommand):
    help = (
        "Delete what is older than its retention, in small batches, as the server does "
        "every hour. The settings are on the configuration page under Retention."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--kind",
            action="append",
            help="only this kind of data, such as transcripts",
        )
        parser.add_argument(
            "--days", type=int, help="age in days, instead of the setting; needs --kind"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="only print what would be deleted"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Delete and report. Raises CommandError."""
        days, chosen = options["days"], options["kind"]
        if days is not None and days < 0:
            raise CommandError("--days must be 0 or more.")
        if days is not None and not chosen:
            raise CommandError("--days needs --kind: each kind has its own retention.")
        kinds = _chosen(chosen)
        with explained("Not everything was deleted"):
            counts = prune(kinds, dry_run=options["dry_run"], days=days)
            if not options["dry_run"]:
                record(LOCAL.id, Action.PRUNED, "data", deleted=sum(counts.values()))
        verb = "Would delete" if options["dry_run"] else "Deleted"
        for kind in kinds:
            if kind.name in counts:
                self.stdout.write(f"{verb} {counted(counts[kind.name], kind)}.")
            elif kind.setting:
                self.stdout.write(f"Kept all {kind.name}: see `{kind.setting}`.")


def _chosen(names: list[str] | None) -> list[Kept]:
    kinds = [each for each in kept_data(settings.VOICE.config) if each.setting]
    if not names:
        return kinds
    known = {kind.name: kind for kind in kinds}
    for name in names:
        if name not in known:
            raise CommandError(f"--kind must be one of: {', '.join(known)}.")
    return [known[name] for name in names]
