"""`manage.py docs`: the generated pages of docs/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.config import project_dir
from voiceproject.docs.pages import PAGES


class Command(BaseCommand):
    help = "Write the generated pages of docs/: settings, protocol, routes and metrics."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="only check; fail if a page is out of date",
        )
        parser.add_argument("--folder", type=Path, default=project_dir() / "docs")

    def handle(self, *_: Any, **options: Any) -> None:
        """Write the pages. Raises CommandError when `--check` finds one out of date."""
        folder: Path = options["folder"]
        pages = {folder / name: page() for name, page in PAGES.items()}
        stale = [path for path, text in pages.items() if _read(path) != text]
        if options["check"]:
            if stale:
                names = ", ".join(path.name for path in stale)
                raise CommandError(f"Out of date: {names}. Run `make docs`.")
            return
        for path in stale:
            path.write_text(pages[path], encoding="utf-8", newline="\n")
            self.stdout.write(f"wrote {path}")


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
