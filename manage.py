#!/usr/bin/env python
"""Django's entry point: `manage.py serve` runs the server, `help` lists the rest."""

from __future__ import annotations

import os
import sys

from voiceproject.startup.garbage import look_seldom


def main() -> None:
    look_seldom()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceproject.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit(
            f"Django is not installed for {sys.executable}: run `make install`, then "
            "`.venv/bin/python manage.py`."
        )

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
