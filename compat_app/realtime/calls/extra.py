"""Loads aiortc, which is an optional dependency."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Protocol, cast

from common.errors import NotFound
from compat_app.realtime.calls.peers import PeerFactory

LIBRARY = "aiortc"
_MEDIA = "compat_app.realtime.calls.media.peer"


class _Media(Protocol):
    AiortcPeer: PeerFactory


def is_installed() -> bool:
    """Whether aiortc is installed."""
    return find_spec(LIBRARY) is not None


def load_peers() -> PeerFactory:
    """The factory of peers. The import takes half a second, so call it in a thread.

    Raises NotFound, with a sentence that says how to install it.
    """
    if not is_installed():
        raise NotFound(
            "WebRTC is not installed on this server: run `make install EXTRA=webrtc`, "
            "or install `requirements/webrtc.txt` with pip, and start it again."
        )
    return cast("_Media", import_module(_MEDIA)).AiortcPeer
