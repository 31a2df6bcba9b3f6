"""The modules of a source tree, read without importing anything of it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PACKAGES = (
    "common",
    "gateway_app",
    "stt_app",
    "tts_app",
    "llm",
    "chat_app",
    "compat_app",
    "voiceproject",
)
ALL = "all"


@dataclass(frozen=True)
class Module:
    """A Python file with at least one statement."""

    name: str
    """Dotted, as it is imported; a package's name stands for its `__init__.py`."""
    folder: str
    """With slashes, from the root of the tree."""
    path: Path
    """From the root of the tree."""
    lines: int
    tree: ast.Module = field(repr=False)

    @property
    def package(self) -> str:
        """The top-level package."""
        return package_of(self.name)

    @property
    def import_base(self) -> str:
        """What relative imports start from."""
        return self.folder.replace("/", ".")


def package_of(name: str) -> str:
    """The package of a module, by its dotted name."""
    return name.split(".")[0]


def read_modules(root: Path) -> list[Module]:
    """The modules of the packages that are there; migrations and empty files are left out.

    Raises SyntaxError, which names the file, and OSError.
    """
    paths = (
        path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))
    )
    found = (_read(root, path.relative_to(root)) for path in paths)
    return [each for each in found if each.tree.body]


def packages_of(modules: Sequence[Module]) -> list[str]:
    """The packages that have modules, in the order of PACKAGES."""
    present = {module.package for module in modules}
    return [package for package in PACKAGES if package in present]


def lines_of_tests(root: Path, modules: Sequence[Module]) -> Counter[str]:
    """Lines of test code by package, and of ALL.

    A folder of tests belongs to the package that its name says (`tests/stt` to `stt_app`).
    Where that package is not there, it belongs to the one that holds a folder of that name
    (`tests/llm` to `tts_app` when that holds `core/llm`). Shared tests and helpers count
    in ALL only; tests of what is no package (`tests/benchmarks`) do not count.
    """
    lines: Counter[str] = Counter()
    for path in sorted((root / "tests").rglob("*.py")):
        folder = path.relative_to(root / "tests").parts[0]
        package = _package_of_tests(folder, modules)
        if package is None and (root / folder).is_dir():
            continue
        size = len(path.read_text(encoding="utf-8").splitlines())
        lines.update({ALL: size} if package is None else {ALL: size, package: size})
    return lines


def local_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below this one, but not those of functions and classes inside it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(
            child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
        ):
            yield from local_nodes(child)


def _read(root: Path, path: Path) -> Module:
    text = (root / path).read_text(encoding="utf-8")
    tree = ast.parse(text, str(root / path))
    if "migrations" in path.parts:
        tree.body = []
    parts = path.with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name, path.parent.as_posix(), path, len(text.splitlines()), tree)


def _package_of_tests(folder: str, modules: Sequence[Module]) -> str | None:
    named = [package for package in PACKAGES if folder in _test_folders(package)]
    if not named or named[0] in packages_of(modules):
        return next(iter(named), None)
    holding = (each.package for each in modules if folder in each.path.parent.parts)
    return next(holding, None)


def _test_folders(package: str) -> set[str]:
    return {package, package.removesuffix("_app"), package.removeprefix("voice")}
