"""The generated pages: made of the declarations, and current."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from prometheus_client import CollectorRegistry, Counter
from pydantic import Field

from common.config import Config, SectionInfo, project_dir, sections
from common.config.setting import Section, setting
from common.messages import Message
from gateway_app.pages.message_docs import SocketDoc, message_docs
from voiceproject.docs.pages import PAGES, metrics_page, protocol_page, settings_page


class TeaSettings(Section):
    """How tea is made."""

    tea_minutes: float = setting(3.5, "How long it draws | or stands.", gt=0, le=9)
    tea_key: str = setting("", "Opens the cupboard.", secret=True)
    tea_sorts: list[str] = setting(["black", "green"], "What there is.")
    tea_hot: bool = setting(default=True, help_sentence="Whether it steams.")


class Pour(Message):
    """Fill a cup."""

    type: str = "pour"
    cups: int = Field(description="How many.", examples=[2])


def test_it_writes_a_row_for_a_setting_with_bounds_and_default() -> None:
    info = SectionInfo("Tea", "How tea is made.", TeaSettings.model_fields)
    page = settings_page([info])
    assert "## Tea\n\nHow tea is made.\n" in page
    assert (
        "| `tea_minutes` | number, more than 0, at most 9 | `3.5` "
        "| How long it draws \\| or stands. |"
    ) in page
    assert "Opens the cupboard. Secret: never shown." in page
    assert "| list | `black, green` |" in page
    assert "| true or false | `true` |" in page


def test_it_lists_every_setting() -> None:
    page = settings_page(sections())
    assert [name for name in Config.model_fields if f"| `{name}` |" not in page] == []


def test_it_describes_a_socket_and_its_messages() -> None:
    socket = SocketDoc("/ws/tea", "Tea.", "Leaves.", message_docs([Pour]), [])
    page = protocol_page([socket])
    assert "## `WS /ws/tea`" in page
    assert "Binary frames: Leaves." in page
    assert '{"type": "pour", "cups": 2}' in page
    assert "| `cups` | whole number | yes | How many. |" in page
    assert "### From the server" not in page


def test_it_lists_every_error_in_its_three_forms() -> None:
    page = protocol_page([])
    assert "| `restarting` | 503 | 4512 |" in page
    assert "| `unauthorized` | 401 | 4401 |" in page
    assert "| `slow_reader` | 500 | 4431 |" in page


def test_it_lists_a_metric_with_its_labels() -> None:
    registry = CollectorRegistry()
    Counter("cups", "Cups poured.", ["sort"], registry=registry)
    assert "| `cups` | counter | `sort` | Cups poured. |" in metrics_page(registry)


@pytest.mark.parametrize("name", PAGES)
def test_it_writes_the_same_page_every_time(name: str) -> None:
    assert PAGES[name]() == PAGES[name]()


def test_it_writes_the_pages_and_then_finds_them_current(tmp_path: Path) -> None:
    call_command("docs", folder=tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(PAGES)
    call_command("docs", check=True, folder=tmp_path)


def test_it_says_which_page_has_drifted(tmp_path: Path) -> None:
    call_command("docs", folder=tmp_path)
    with (tmp_path / "metrics.md").open("a") as page:
        page.write("by hand\n")
    with pytest.raises(
        CommandError, match=r"Out of date: metrics\.md\. Run `make docs`"
    ):
        call_command("docs", check=True, folder=tmp_path)


def test_its_committed_pages_are_current() -> None:
    call_command("docs", check=True, folder=project_dir() / "docs")
