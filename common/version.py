"""The program's version: the first version heading of CHANGELOG.md."""

from __future__ import annotations

import re

from common.config import project_dir


def _read() -> str:
    try:
        changelog = (project_dir() / "CHANGELOG.md").read_text(encoding="utf-8")
    except OSError:
        return "unknown"
    heading = re.search(r"^## \[(\d+\.\d+\.\d+[^\]]*)\]", changelog, re.MULTILINE)
    return heading.group(1) if heading else "unknown"


VERSION = _read()
