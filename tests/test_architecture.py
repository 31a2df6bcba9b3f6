"""The house rules that a machine can check: who imports whom, purity, circles, and size."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from django.apps import apps

from common.config import Config
from voiceproject.storage.kinds import kept_data

ROOT = Path(__file__).resolve().parents[1]

MAY_IMPORT = {
    "common": {"common"},
    "llm": {"common", "llm"},
    "gateway_app": {"common", "gateway_app"},
    "stt_app": {"common", "gateway_app", "stt_app"},
    "tts_app": {"common", "gateway_app", "llm", "tts_app"},
    "chat_app": {"chat_app", "common", "gateway_app", "llm", "stt_app", "tts_app"},
    "compat_app": {
        *("chat_app", "common", "compat_app", "gateway_app", "llm", "stt_app"),
        "tts_app",
    },
    "voiceproject": {
        *("chat_app", "common", "compat_app", "gateway_app", "llm", "stt_app"),
        *("tts_app", "voiceproject"),
    },
}
PACKAGES = tuple(MAY_IMPORT)
PURE_PACKAGES = {"common", "llm"}
"""Packages without Django, which every core may import."""
WEB_FRAMEWORKS = {"django", "channels", "daphne", "ninja", "twisted"}
MODULE_LINES = 300
TEST_MODULE_LINES = 400
FUNCTION_LINES = 60
FOLDER_MODULES = 14
OF_NOBODY = {"Forgetting", "Heartbeat", "KeysVersion", "Voice"}
"""Tables without anything of people; the first one is empty but for a few seconds."""


def modules_below(folder: str) -> list[Path]:
    found = (ROOT / folder).rglob("*.py")
    return sorted(path for path in found if "migrations" not in path.parts)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


MODULES = [path for package in PACKAGES for path in modules_below(package)]
TESTS = modules_below("tests")
FOLDERS = sorted({path.parent for path in [*MODULES, *TESTS]})


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Module and line of every import in the tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def offences(
    find: Callable[[Path], object], places: Iterable[Path] = MODULES
) -> dict[str, object]:
    """What `find` finds in each place, where it finds anything."""
    found = {name(path): find(path) for path in places}
    return {path: offence for path, offence in found.items() if offence}


def lines_over(limit: int, path: Path) -> int:
    """Lines of the module, if they are more than the limit."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    return lines if lines > limit else 0


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def is_pure(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return parts[0] in PURE_PACKAGES or "core" in parts


def import_offences(path: Path, tree: ast.Module) -> list[str]:
    package = path.relative_to(ROOT).parts[0]
    found = []
    for module, line in imports(tree):
        top = module.split(".")[0]
        if top in PACKAGES and top not in MAY_IMPORT[package]:
            found.append(f"line {line}: {package} may not import {module}")
        if is_pure(path) and top in WEB_FRAMEWORKS:
            found.append(f"line {line}: a pure module may not import {module}")
        if is_another_protocol(path, module):
            found.append(f"line {line}: a protocol may not import another: {module}")
        outside = top in PACKAGES and top not in PURE_PACKAGES
        if is_pure(path) and outside and not module.startswith(f"{package}.core"):
            found.append(f"line {line}: a core may not import {module}")
    return found


def is_another_protocol(path: Path, module: str) -> bool:
    """Whether the code of a protocol imports that of another, so that it could not be
    deleted alone."""
    package, protocol, *below = path.relative_to(ROOT).parts
    if package != "compat_app" or not below or not module.startswith("compat_app."):
        return False
    imported = module.split(".")[1]
    return imported != protocol and (ROOT / package / imported).is_dir()


def place(module: str) -> str:
    """The folder of a module; modules at the top of a package or of a core stand alone."""
    folder = module.rpartition(".")[0]
    at_the_top = "." not in folder or folder.endswith(".core")
    return module if at_the_top else folder


def folder_circle(sources: dict[str, ast.Module]) -> list[str]:
    """Folders that import each other in a circle; empty when there is none."""
    graph: dict[str, set[str]] = {}
    for module, tree in sources.items():
        for imported in imported_modules(tree, sources):
            if place(module) != place(imported):
                graph.setdefault(place(module), set()).add(place(imported))
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


def imported_modules(tree: ast.Module, known: Iterable[str]) -> set[str]:
    """Our own modules that it imports, as `import a.b`, `from a import b` or `from a.b`."""
    names = {module for module, _ in imports(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names.intersection(known)


def test_it_imports_only_what_its_room_may() -> None:
    assert offences(lambda path: import_offences(path, parse(path))) == {}


def test_it_imports_our_own_modules_at_the_top() -> None:
    def inside_functions(path: Path) -> list[str]:
        return [
            f"line {line}: {module}"
            for function in functions(path)
            for module, line in imports(function)
            if module.split(".")[0] in PACKAGES
        ]

    assert offences(inside_functions) == {}


def test_its_folders_do_not_import_each_other_in_a_circle() -> None:
    sources = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): parse(path)
        for path in MODULES
        if path.name != "__init__.py"
    }
    assert folder_circle(sources) == []


def test_it_would_find_a_circle_between_folders() -> None:
    sources = {
        "common.audio.rates": ast.parse("from common.text.words import Word"),
        "common.text.words": ast.parse("from common.audio import rates"),
    }
    assert {"common.audio", "common.text"} == set(folder_circle(sources))


def test_its_modules_stay_small() -> None:
    assert offences(lambda path: lines_over(MODULE_LINES, path)) == {}
    assert offences(lambda path: lines_over(TEST_MODULE_LINES, path), TESTS) == {}


def test_its_functions_stay_small() -> None:
    def too_long(path: Path) -> list[str]:
        return [
            f"{node.name}: {length} lines"
            for node in functions(path)
            if (length := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
        ]

    assert offences(too_long) == {}


def test_its_folders_stay_small() -> None:
    def too_many(folder: Path) -> int:
        modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        return len(modules) if len(modules) > FOLDER_MODULES else 0

    assert offences(too_many, FOLDERS) == {}


def test_each_module_says_what_it_holds() -> None:
    def has_no_docstring(path: Path) -> bool:
        return bool(parse(path).body) and not ast.get_docstring(parse(path))

    assert offences(has_no_docstring) == {}


def test_each_table_has_a_retention() -> None:
    kept = {table for kind in kept_data(Config()) for table in kind.tables}
    ours = [table for table in apps.get_models() if table._meta.app_label in PACKAGES]
    missing = {table.__name__ for table in ours} - {table.__name__ for table in kept}
    assert missing <= OF_NOBODY, (
        "List it in retention/kinds.py of its package, so that `forget`, `export` and "
        "`prune` know it; or in OF_NOBODY if it never holds anything of people."
    )


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("stt_app/views.py", "import tts_app.service"),
        ("tts_app/core/piper/engine.py", "from django.conf import settings"),
        ("tts_app/core/piper/engine.py", "from tts_app.models import Voice"),
        ("llm/factory.py", "from channels.db import database_sync_to_async"),
        ("llm/factory.py", "from stt_app.core.engine import SttEngine"),
        ("gateway_app/health.py", "from voiceproject import services"),
        ("compat_app/deepgram/errors.py", "from compat_app.openai import errors"),
    ],
)
def test_it_would_find_a_planted_offence(module: str, source: str) -> None:
    assert import_offences(ROOT / module, ast.parse(source))
