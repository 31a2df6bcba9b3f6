"""Who sees which texts on the monitor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway_app.access.keys import ConfigKeys
from gateway_app.access.principals import ANONYMOUS, Principal
from gateway_app.history.records import TranscriptRecord
from gateway_app.monitor.recent import RecentPast
from gateway_app.monitor.viewers import as_seen_by, with_owners

KEYS = ConfigKeys(["ada's", "bob's", "admin's"], history_keys=["admin's"])


async def principal(key: str) -> Principal:
    found = await KEYS.principal(key)
    assert found is not None
    return found


async def seen_by(viewer: Principal, address: str, records: list[Any]) -> list[Any]:
    recent = RecentPast(show_texts=True)
    for record in records:
        recent.record(record)
    file = {"principal": records[0].principal, "request_id": "f"}
    snapshot = with_owners(
        {
            "type": "snapshot",
            "recent": [each.model_dump() for each in recent.requests()],
            "files": [file],
        },
        recent.owners(),
    )

    async def snapshots() -> AsyncIterator[dict[str, Any]]:
        yield {"type": "history", "snapshots": []}
        yield snapshot

    history, seen = [each async for each in as_seen_by(viewer, address, snapshots())]
    assert history["type"] == "history"
    assert all("owner" not in request for request in seen["recent"])
    return [*(request["text"] for request in seen["recent"]), seen["files"][0]]


async def test_a_key_sees_its_own_texts_only() -> None:
    ada, bob = await principal("ada's"), await principal("bob's")
    records = [
        TranscriptRecord("r1", "s", "10.0.0.1", principal=ada.id, text="of Ada"),
        TranscriptRecord("r2", "s", "10.0.0.1", principal=bob.id, text="of Bob"),
    ]
    *texts, file = await seen_by(ada, "10.0.0.9", records)
    assert texts == ["", "of Ada"]
    assert file["principal"] == ada.id
    *texts, file = await seen_by(bob, "10.0.0.9", records)
    assert texts == ["of Bob", ""]
    assert file == {"principal": "", "request_id": ""}


async def test_a_key_with_the_scope_sees_all() -> None:
    ada, admin = await principal("ada's"), await principal("admin's")
    record = TranscriptRecord("r1", "s", "10.0.0.1", principal=ada.id, text="of Ada")
    assert (await seen_by(admin, "10.0.0.9", [record]))[0] == "of Ada"


@pytest.mark.parametrize(("address", "text"), [("10.0.0.1", "hello"), ("10.0.0.2", "")])
async def test_without_keys_texts_belong_to_an_address(address: str, text: str) -> None:
    record = TranscriptRecord(
        "r1", "s", "10.0.0.1", principal="anonymous", text="hello"
    )
    assert (await seen_by(ANONYMOUS, address, [record]))[0] == text
