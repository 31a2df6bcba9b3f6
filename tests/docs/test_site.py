"""The documentation site: a mistake in a page fails its build."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from common.config import project_dir

SITE = project_dir() / "docs" / "site"


def test_it_refuses_broken_links_and_pages_without_an_entry(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    toctree = "# Start\n\n```{toctree}\npage\n```\n"
    (docs / "index.md").write_text(toctree + "\n[a](page.md#here) [b](gone.md)\n")
    (docs / "page.md").write_text("# Page\n\n## Here\n\n[c](index.md#gone)\n")
    (docs / "alone.md").write_text("# Alone\n")
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "dummy"]
    done = subprocess.run(
        [*build, "-c", str(SITE), str(docs), str(tmp_path / "site")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    warnings = [line for line in done.stderr.splitlines() if "WARNING" in line]
    assert len(warnings) == 3, done.stderr
    for word in ("gone.md", "gone", "alone.md"):
        assert any(word in line for line in warnings)
