"""The catalogues in `voiceproject/locale`: one for the pages and one for the scripts
of each language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from io import SEEK_END, BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from common.config import project_dir
from voiceproject.translations.extraction import page_messages, script_messages

TRANSLATED_LANGUAGES = ("de", "es", "fr")
"""English is the language of the sources."""
DOMAINS: Mapping[str, Callable[[], Catalog]] = {
    "django": page_messages,
    "djangojs": script_messages,
}
"""By the name of the file that Django looks for."""
_HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plural_forms}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
_NO_DATE = datetime(2000, 1, 1, tzinfo=UTC)
"""A real one would change files in which nothing else has changed."""


def catalogue_path(language: str, domain: str) -> Path:
    """Where the catalogue is written and read; compiled, its suffix is `.mo`."""
    folder = project_dir() / "voiceproject" / "locale" / language / "LC_MESSAGES"
    return folder / f"{domain}.po"


def read_catalogue(path: Path, language: str) -> Catalog:
    """The catalogue, or an empty one before the first extraction."""
    if not path.exists():
        return Catalog(locale=language, fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as gettext reads it. Untranslated and fuzzy messages are left out."""
    target = BytesIO()
    write_mo(target, catalogue)
    return target.getvalue()


def update_catalogues() -> Iterator[tuple[Path, int]]:
    """Writes every catalogue anew: with the messages of the sources and the
    translations that there are. Yields each with its number of missing ones.
    """
    for domain, extracted in DOMAINS.items():
        messages = extracted()
        for language in TRANSLATED_LANGUAGES:
            path = catalogue_path(language, domain)
            yield path, _update(path, language, messages)


def _update(path: Path, language: str, messages: Catalog) -> int:
    catalogue = read_catalogue(path, language)
    catalogue.update(messages, no_fuzzy_matching=True)
    catalogue.creation_date = catalogue.revision_date = _NO_DATE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_written(catalogue, language))
    path.with_suffix(".mo").write_bytes(compiled(catalogue))
    return sum(not is_translated(message.string) for message in catalogue if message.id)


def _written(catalogue: Catalog, language: str) -> bytes:
    header = _HEADER.format(language=language, plural_forms=catalogue.plural_forms)
    target = BytesIO(header.encode())
    target.seek(0, SEEK_END)
    write_po(
        target,
        catalogue,
        sort_output=True,
        ignore_obsolete=True,
        include_lineno=False,
        omit_header=True,
    )
    return target.getvalue()


def is_translated(string: object) -> bool:
    """Whether a message has its translation, in every plural form."""
    return all(string) if isinstance(string, (tuple, list)) else bool(string)
