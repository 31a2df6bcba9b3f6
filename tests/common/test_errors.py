"""Each error knows its own wire form, and no two share a code by accident."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest

from common import errors
from common.errors import TooMany, UnknownVoice, VoiceError


def family(root: type[VoiceError] = VoiceError) -> Iterator[type[VoiceError]]:
    yield root
    for child in root.__subclasses__():
        yield from family(child)


def test_it_has_the_one_http_shape() -> None:
    error = UnknownVoice("No voice `x`.", field="voice")
    assert error.body("r-1") == {
        "error": {
            "code": "unknown_voice",
            "message": "No voice `x`.",
            "field": "voice",
            "request_id": "r-1",
        }
    }


def test_its_event_says_when_to_come_back() -> None:
    event = TooMany("Wait.", retry_after_seconds=2).event()
    assert event["type"] == "error"
    assert event["retry_after"] == 2


def test_it_passes_between_processes_whole() -> None:
    error = pickle.loads(
        pickle.dumps(TooMany("Wait.", field="f", retry_after_seconds=2))
    )
    assert (error.message, error.field, error.retry_after_seconds) == ("Wait.", "f", 2)


@pytest.mark.parametrize("error", list(family()), ids=lambda error: error.__name__)
def test_its_close_code_is_one_that_daphne_can_send(error: type[VoiceError]) -> None:
    assert 4000 <= error.close_code <= 4999


@pytest.mark.parametrize(
    "error",
    [error for error in family() if error.__module__ == errors.__name__],
    ids=lambda error: error.__name__,
)
def test_it_is_drawn_in_the_tree(error: type[VoiceError]) -> None:
    assert error.__name__ in (errors.__doc__ or "")
