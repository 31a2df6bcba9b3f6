"""Errors of other servers: their sentences, their parameters, and when to come again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from common.remote.answers import ErrorBody, read_error, retry_after_seconds

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (
            b'{"error": {"message": "No.", "param": "voice"}}',
            ErrorBody("No.", "voice"),
        ),
        (b'{"error": {"message": "No.", "field": "text"}}', ErrorBody("No.", "text")),
        (b'{"error": {"message": null, "param": null}}', ErrorBody()),
        (b'{"error": "model not found"}', ErrorBody("model not found")),
        (b'{"detail": "Not Found"}', ErrorBody("Not Found")),
        (
            b'{"detail": [{"loc": ["body", "model"], "msg": "Field required"}]}',
            ErrorBody("Field required", "model"),
        ),
        (b'{"detail": []}', ErrorBody()),
        (b'{"object": "error", "message": "Bad."}', ErrorBody("Bad.")),
        (b"<html>", ErrorBody()),
        (b"[1]", ErrorBody()),
        (b"[" * 100_000, ErrorBody()),
        (b"", ErrorBody()),
    ],
)
def test_it_reads_the_error_of_every_kind_of_server(
    body: bytes, error: ErrorBody
) -> None:
    assert read_error(body) == error


def test_a_long_sentence_is_cut() -> None:
    body = b'{"error": "' + b"x" * 5_000 + b'"}'
    assert len(read_error(body).message) == 300


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("0", 0.0),
        ("999999", 3600.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        (None, 1.0),
        ("", 1.0),
        ("soon", 1.0),
        ("-3", 1.0),
        ("nan", 1.0),
    ],
)
def test_it_reads_when_to_come_again(header: str | None, seconds: float) -> None:
    assert retry_after_seconds(header, NOW.timestamp()) == seconds
