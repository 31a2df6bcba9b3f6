"""Cleans external text for databases, sockets and models."""

from __future__ import annotations


def clean_text(text: str) -> str:
    """The text without NUL and lone surrogates.

    JSON may carry both, but PostgreSQL refuses NUL and UTF-8 has no surrogates.
    """
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")
