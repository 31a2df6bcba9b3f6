"""Services that answer what they hear."""

from __future__ import annotations

import pytest

from tests.chat.services import Talk, talk_services


@pytest.fixture
def talk() -> Talk:
    """Makes services whose speech to text follows a script."""
    return talk_services
