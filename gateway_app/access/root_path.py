"""The path under which a proxy serves this server, such as `/voice`."""

from __future__ import annotations

from typing import Any


def below(path: str, root: str) -> str:
    """The path without `root`; most proxies have removed it already."""
    if root and (path == root or path.startswith(f"{root}/")):
        return path[len(root) :] or "/"
    return path


def placed(scope: dict[str, Any], root: str) -> dict[str, Any]:
    """The scope as ASGI wants it: with `root_path`, and with a path that begins with
    it."""
    if not root:
        return scope
    path = root + below(scope["path"], root)
    return {**scope, "root_path": root, "path": path}
