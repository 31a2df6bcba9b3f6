"""The product's name and version, wherever a person reads them."""

from __future__ import annotations

import re

from common.config import project_dir

NAME = "Earlark"
SLUG = "earlark"
"""In file names, addresses and image names."""


def _read() -> str:
    try:
        changelog = (project_dir() / "CHANGELOG.md").read_text(encoding="utf-8")
    except OSError:
        return "unknown"
    heading = re.search(r"^## \[(\d+\.\d+\.\d+[^\]]*)\]", changelog, re.MULTILINE)
    return heading.group(1) if heading else "unknown"


VERSION = _read()
"""The first version heading of CHANGELOG.md."""
