"""Language codes of clients (`en-US`, `nb`), as the codes of models and voices."""

from __future__ import annotations

from collections.abc import Collection

from common.errors import BadValue
from stt_app.core.language_tags import find_language
from stt_app.core.languages import AUTO

SHOWN_CODES = 20


def spoken_language(given: str | None, known: Collection[str]) -> str | None:
    """The model's code for a client's language; None leaves it to the configuration.

    Raises BadValue for a language that the model does not know.
    """
    code = find_language(given or "")
    if code == AUTO:
        return None
    if code in known:
        return code
    shown = ", ".join(sorted(known)[:SHOWN_CODES])
    more = ", ..." if len(known) > SHOWN_CODES else ""
    raise BadValue(
        f"The speech-to-text model does not know the language `{(given or '')[:20]}`. "
        f"It knows: {shown}{more}.",
        field="language",
    )


def primary(code: str) -> str:
    """The language without its region: `en` of `en_US` and of `en-GB`."""
    return code.replace("_", "-").split("-")[0].lower()


def is_same(code: str, other: str) -> bool:
    """Whether both name the same language and region, however they are written."""
    return code.replace("_", "-").lower() == other.replace("_", "-").lower()
