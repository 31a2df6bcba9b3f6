"""Which tests stay together, and which go first, when processes share them."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# Each folder has a server, a browser or a database for all its tests.
WHOLE_FOLDERS = (
    "tests/browser/",
    "tests/compat/served/",
    "tests/services/",
    "tests/system/",
)
# Those that take longest, longest first, so that all processes end together.
SLOWEST = (
    "tests/system/",
    "tests/browser/",
    "tests/project/server/test_serve_hangs.py",
    "tests/project/server/test_serve.py",
    "tests/project/commands/test_models_command.py",
    "tests/project/server/test_server_limits.py",
    "tests/project/server/test_serve_models.py",
    "tests/services/",
    "tests/project/server/test_nothing_leaves.py",
    "tests/llm/embedded/test_embedded.py",
    "tests/project/server/test_serve_conversations.py",
    "tests/stt/files/test_killed_transcription.py",
    "tests/stt/files/test_media_decoder.py",
    "tests/stt/codecs/test_decoders.py",
    "tests/project/commands/test_voices_command.py",
)


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each process whole groups, in the order of the collected tests."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def group(nodeid: str) -> str:
    """The folder or file whose tests run in one process, one after the other."""
    for folder in WHOLE_FOLDERS:
        if nodeid.startswith(folder):
            return folder
    return nodeid.split("::", 1)[0]


def pytest_xdist_make_scheduler(config: Any, log: Any) -> LoadScopeScheduling:
    config.option.loadscopereorder = False
    return GroupScheduling(config, log)


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    if hasattr(config, "workerinput"):
        places = {name: place for place, name in enumerate(SLOWEST)}
        items.sort(key=lambda item: places.get(group(item.nodeid), len(places)))
