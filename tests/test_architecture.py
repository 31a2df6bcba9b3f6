"""The house rules that a machine can check: who imports whom, purity, and size."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("common", "gateway_app", "stt_app", "tts_app", "voiceproject")

MAY_IMPORT = {
    "common": {"common"},
    "gateway_app": {"common", "gateway_app"},
    "stt_app": {"common", "gateway_app", "stt_app"},
    "tts_app": {"common", "gateway_app", "tts_app"},
    "voiceproject": set(ROOMS),
}
WEB_FRAMEWORKS = {"django", "channels", "daphne", "ninja", "twisted"}
MODULE_LINES = 300
FUNCTION_LINES = 60

MODULES = sorted(
    path
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    if "migrations" not in path.parts
)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Top-level package and line of every import in the tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def is_pure(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return parts[0] == "common" or "core" in parts


def import_offences(path: Path, tree: ast.Module) -> list[str]:
    room = path.relative_to(ROOT).parts[0]
    offences = []
    for module, line in imports(tree):
        package = module.split(".")[0]
        if package in ROOMS and package not in MAY_IMPORT[room]:
            offences.append(f"line {line}: {room} may not import {module}")
        if is_pure(path) and package in WEB_FRAMEWORKS:
            offences.append(f"line {line}: a pure module may not import {module}")
        ours = package in ROOMS and package != "common"
        if is_pure(path) and ours and not module.startswith(f"{room}.core"):
            offences.append(f"line {line}: a core may not import {module}")
    return offences


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_it_imports_only_what_its_room_may(path: Path) -> None:
    assert import_offences(path, parse(path)) == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_it_imports_our_own_modules_at_the_top(path: Path) -> None:
    inside = [
        f"line {line}: {module}"
        for function in ast.walk(parse(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for module, line in imports(function)
        if module.split(".")[0] in ROOMS
    ]
    assert inside == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_its_rooms_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MODULE_LINES
    too_long = [
        f"{node.name}: {length} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    ]
    assert too_long == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_it_says_what_it_holds(path: Path) -> None:
    tree = parse(path)
    assert not tree.body or ast.get_docstring(tree), "no module docstring"


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("stt_app/views.py", "import tts_app.service"),
        ("tts_app/core/piper/engine.py", "from django.conf import settings"),
        ("tts_app/core/piper/engine.py", "from tts_app.models import Voice"),
        ("gateway_app/health.py", "from voiceproject import engines"),
    ],
)
def test_it_would_find_a_planted_offence(room: str, source: str) -> None:
    assert import_offences(ROOT / room, ast.parse(source))
