"""What each viewer may see of a snapshot: the texts of others take a scope."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from gateway_app.access.principals import Principal, Scope
from gateway_app.access.quotas import holder

_OWNER = "owner"
"""Goes between the processes with each request, never to a viewer."""


def with_owners(snapshot: dict[str, Any], owners: Sequence[str]) -> dict[str, Any]:
    """The snapshot as the processes share it; `owners` are those of its requests."""
    recent = [
        {**request, _OWNER: owner}
        for request, owner in zip(snapshot["recent"], owners, strict=True)
    ]
    return {**snapshot, "recent": recent}


async def as_seen_by(
    principal: Principal, address: str, snapshots: AsyncIterator[dict[str, Any]]
) -> AsyncIterator[dict[str, Any]]:
    """The snapshots, without texts and ids that are not this viewer's."""
    viewer = None if Scope.HISTORY in principal.scopes else holder(principal, address)
    async for snapshot in snapshots:
        if snapshot["type"] == "snapshot":
            yield {
                **snapshot,
                "recent": [_request(each, viewer) for each in snapshot["recent"]],
                "files": [
                    _file(each, viewer and principal.id) for each in snapshot["files"]
                ],
            }
        else:
            yield snapshot


def _request(request: dict[str, Any], viewer: str | None) -> dict[str, Any]:
    shown = {name: value for name, value in request.items() if name != _OWNER}
    is_own = viewer is None or request.get(_OWNER) == viewer
    return shown if is_own else {**shown, "text": "", "request_id": ""}


def _file(file: dict[str, Any], viewer: str | None) -> dict[str, Any]:
    is_own = viewer is None or file["principal"] == viewer
    return file if is_own else {**file, "principal": "", "request_id": ""}
