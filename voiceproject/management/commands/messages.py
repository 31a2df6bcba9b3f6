"""`manage.py messages`: the catalogues of translations, from the sources."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from common.config import project_dir
from voiceproject.translations.catalogues import update_catalogues


class Command(BaseCommand):
    help = "Collect the messages of the pages and compile their translations."
    requires_system_checks: list[str] = []

    def handle(self, *_: Any, **options: Any) -> None:
        """Write every catalogue, and say how many translations are missing."""
        for path, missing in update_catalogues():
            name = path.relative_to(project_dir())
            self.stdout.write(f"{name}: {missing} missing" if missing else str(name))
