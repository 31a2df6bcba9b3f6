"""The written pages: every relative link leads to a file and to a heading in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from common.config import project_dir

ROOT = project_dir()
WRITTEN = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ +(.+?)\s*$", re.MULTILINE)


def relative_links(page: Path) -> list[str]:
    """What the page links to in the project; not what stands in a code block."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    return [to for to in _LINK.findall(text) if "://" not in to and "mailto:" not in to]


def anchors(page: Path) -> set[str]:
    """The page's headings as addresses."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    return {_slug(heading) for heading in _HEADING.findall(text)}


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def broken(page: Path, link: str, root: Path = ROOT) -> bool:
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists() or root not in (target, *target.parents):
        return True
    return bool(anchor) and anchor not in anchors(target)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.name))
def test_its_links_lead_somewhere(page: Path) -> None:
    assert [link for link in relative_links(page) if broken(page, link)] == []


def test_the_readme_leads_to_every_page() -> None:
    named = {
        ROOT / link.partition("#")[0] for link in relative_links(ROOT / "README.md")
    }
    assert [
        page.name for page in (ROOT / "docs").glob("*.md") if page not in named
    ] == []


@pytest.mark.parametrize(
    ("link", "is_broken"),
    [
        ("there.md", False),
        ("there.md#how-it-is-7", False),
        ("#here", False),
        ("gone.md", True),
        ("there.md#gone", True),
        ("../../../../../../etc/hostname", True),
    ],
)
def test_it_finds_broken_links(link: str, is_broken: bool, tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("# How it is: 7\n```\n# Gone\n```\n")
    page = tmp_path / "page.md"
    page.write_text("# Here\n")
    assert broken(page, link, tmp_path) == is_broken
