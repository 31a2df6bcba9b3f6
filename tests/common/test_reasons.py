"""Why a connection failed: words, never the system's numbers."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest

from common.reasons import reason_of


def caused(cause: BaseException) -> Exception:
    """An HTTP client's error as it arrives: only its cause says something."""
    error = RuntimeError("All connection attempts failed")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            socket.gaierror(-2, "Name or service not known"),
            "its name cannot be resolved",
        ),
        (
            ConnectionRefusedError(111, "Connection refused"),
            "nothing is listening there",
        ),
        (ConnectionResetError(104, "reset by peer"), "it closed the connection"),
        (ssl.SSLCertVerificationError("expired"), "its certificate is not valid"),
        (
            OSError(errno.ENETUNREACH, "Network is unreachable"),
            "Network is unreachable",
        ),
    ],
)
def test_it_finds_the_cause(error: Exception, words: str) -> None:
    assert reason_of(error) == words
    assert reason_of(caused(error)) == words
    assert reason_of(caused(ExceptionGroup("each address", [error]))) == words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            RuntimeError("[Errno -2] Name or service not known"),
            "Name or service not known",
        ),
        (RuntimeError("[SSL: WRONG_VERSION_NUMBER] wrong version"), "wrong version"),
        (RuntimeError("plain"), "plain"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_without_a_cause_it_says_what_the_error_says(
    error: Exception, words: str
) -> None:
    assert reason_of(error) == words


def test_a_circle_of_causes_has_an_end() -> None:
    error = RuntimeError("round")
    error.__cause__ = caused(error)
    assert reason_of(error) == "round"
