"""Services that answer what they hear."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.compat.realtime.conversations.talking import Talk, talk_services
from tests.fake_services import FakeServices


@pytest.fixture
def talk(make_services: Callable[..., FakeServices]) -> Talk:
    """Makes services whose speech to text follows a script."""

    def make(*args: Any, **changes: Any) -> FakeServices:
        return talk_services(make_services, *args, **changes)

    return make
