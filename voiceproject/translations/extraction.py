"""The English messages of templates, scripts and Python modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from django.utils.translation.template import templatize

from common.config import project_dir

PACKAGES = (
    *("chat_app", "common", "compat_app", "gateway_app", "llm", "stt_app"),
    *("tts_app", "voiceproject"),
)
COMMENT_TAG = "Translators:"
_KEYWORDS = {
    **DEFAULT_KEYWORDS,
    **{f"{name}_lazy": keys for name, keys in DEFAULT_KEYWORDS.items()},
}


def page_messages() -> Catalog:
    """What the server translates: templates and Python."""
    root = project_dir()
    catalog = Catalog(fuzzy=False)
    for path in _files(root / "templates", "*.html"):
        _add(catalog, path, "python", _python_of(path))
    for package in PACKAGES:
        for path in _files(root / package, "*.py"):
            source = path.read_bytes()
            # Reading every module word by word would take seconds.
            if b"gettext" in source:
                _add(catalog, path, "python", source)
    return catalog


def script_messages() -> Catalog:
    """What the browser translates."""
    catalog = Catalog(fuzzy=False)
    for path in _files(project_dir() / "static" / "js", "*.js"):
        _add(catalog, path, "javascript", path.read_bytes())
    return catalog


def _files(folder: Path, pattern: str) -> Iterable[Path]:
    return sorted(folder.rglob(pattern))


def _add(catalog: Catalog, path: Path, language: str, source: bytes) -> None:
    name = path.relative_to(project_dir()).as_posix()
    for line, message, comments, context in _extracted(language, source):
        catalog.add(
            message, locations=[(name, line)], auto_comments=comments, context=context
        )


def _extracted(
    language: str, source: bytes
) -> Iterator[tuple[int, str, list[str], str | None]]:
    return extract(language, BytesIO(source), _KEYWORDS, [COMMENT_TAG])  # type: ignore[return-value]


def _python_of(template: Path) -> bytes:
    """The template's messages as calls of gettext, on the lines where they were."""
    source = templatize(template.read_text(encoding="utf-8"))
    # Without indents, which Python would read as blocks.
    return "\n".join(line.strip() for line in source.split("\n")).encode()
