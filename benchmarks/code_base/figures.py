"""What is counted of a package, or of all of them."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from statistics import median

from benchmarks.code_base.functions import (
    Function,
    audio_types,
    functions,
    public_names,
)
from benchmarks.code_base.graph import Graph, cycles
from benchmarks.code_base.modules import ALL, Module, package_of

_BROAD = {"Exception", "BaseException"}


@dataclass(frozen=True)
class Spread:
    """The middle, the 90th percentile (nearest rank) and the largest."""

    median: float
    p90: int
    max: int

    def __str__(self) -> str:
        return f"{self.median:g} / {self.p90} / {self.max}"


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    def __str__(self) -> str:
        if not self.whole:
            return "none"
        return f"{100 * self.part / self.whole:.0f} % of {self.whole}"


Value = int | float | Spread | Share


def shown(value: Value) -> str:
    """As it stands in a table: thousands with commas, ratios with two digits."""
    if isinstance(value, Spread | Share):
        return str(value)
    return f"{value:.2f}" if isinstance(value, float) else f"{value:,}"


def spread(numbers: Iterable[int]) -> Spread:
    """All zero without any number."""
    ordered = sorted(numbers) or [0]
    return Spread(median(ordered), ordered[ceil(0.9 * len(ordered)) - 1], ordered[-1])


@dataclass(frozen=True)
class Scope:
    """Some modules, and what must be known of the whole tree to count in them."""

    modules: Sequence[Module]
    imports: Graph
    """Of the whole tree."""
    arrays: Mapping[str, set[str]]
    """For each module the names of types that are audio."""
    test_lines: int

    @cached_property
    def lines(self) -> int:
        return sum(module.lines for module in self.modules)

    @cached_property
    def functions(self) -> list[tuple[Module, Function]]:
        return [(module, each) for module in self.modules for each in functions(module)]

    @cached_property
    def folders(self) -> list[str]:
        """The folder of each module, so that a folder comes once for each."""
        return [module.folder for module in self.modules]

    @cached_property
    def folder_imports(self) -> list[tuple[str, str]]:
        """Folder to folder inside a package, once for each import."""
        at = {module.name: module for module in self.modules}
        return [
            (at[one].folder, at[other].folder)
            for one in at
            for other in self.imports[one] & at.keys()
            if at[one].package == at[other].package
            and at[one].folder != at[other].folder
        ]

    @cached_property
    def folder_cycles(self) -> list[list[str]]:
        """Folders of a package that import each other, directly or around corners."""
        graph: dict[str, set[str]] = {folder: set() for folder in self.folders}
        for one, other in self.folder_imports:
            graph[one].add(other)
        return cycles(graph)

    def imports_across_packages(self, *, out: bool) -> int:
        """Imports that leave the package of these modules, or come from another package."""
        ours = {module.name for module in self.modules}
        return len(
            [
                (one, other)
                for one, others in self.imports.items()
                for other in others
                if (one if out else other) in ours
                and package_of(one) != package_of(other)
            ]
        )


def scopes(
    modules: Sequence[Module], imports: Graph, test_lines: Mapping[str, int]
) -> dict[str, Scope]:
    """ALL modules first, then one for each package."""
    arrays = audio_types(modules)
    members = {ALL: list(modules)}
    for module in modules:
        members.setdefault(module.package, []).append(module)
    return {
        name: Scope(ours, imports, arrays, test_lines.get(name, 0))
        for name, ours in members.items()
    }


def _any_lines(scope: Scope) -> int:
    return sum(len(set(_lines_with_any(module.tree))) for module in scope.modules)


def _lines_with_any(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id="Any") | ast.Attribute(attr="Any") | ast.alias(name="Any"):
                yield node.lineno


def _broad_excepts(scope: Scope) -> float:
    handlers = [
        node
        for module in scope.modules
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type)
    ]
    return 1000 * len(handlers) / scope.lines


def _is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(map(_is_broad, caught.elts))
    return caught is None or (isinstance(caught, ast.Name) and caught.id in _BROAD)


def _share(of: Iterable[bool]) -> Share:
    found = list(of)
    return Share(sum(found), len(found))


def _documented_names(scope: Scope) -> Share:
    return _share(
        bool(ast.get_docstring(node))
        for module in scope.modules
        for node in public_names(module)
    )


def _documented_methods(scope: Scope) -> Share:
    return _share(
        bool(each.docstring)
        for _, each in scope.functions
        if each.is_public and each.owner and not each.is_dunder
    )


def _documented_audio(scope: Scope) -> Share:
    return _share(
        each.says_what_audio
        for module, each in scope.functions
        if each.is_public and each.handles_audio(scope.arrays[module.name])
    )


def _documented_raises(scope: Scope) -> Share:
    return _share(
        each.says_what_it_raises for _, each in scope.functions if each.raises
    )


def _documented_public_raises(scope: Scope) -> Share:
    return _share(
        each.says_what_it_raises
        for _, each in scope.functions
        if each.raises and each.is_public
    )


FIGURES: dict[str, Callable[[Scope], Value]] = {
    "modules": lambda scope: len(scope.modules),
    "lines": lambda scope: scope.lines,
    "folders with modules": lambda scope: len(set(scope.folders)),
    "levels of folders below the package": lambda scope: max(
        folder.count("/") for folder in scope.folders
    ),
    "modules of a folder, median / p90 / max": lambda scope: spread(
        Counter(scope.folders).values()
    ),
    "imports of other packages": lambda scope: scope.imports_across_packages(out=True),
    "imports by other packages": lambda scope: scope.imports_across_packages(out=False),
    "imports between folders": lambda scope: len(scope.folder_imports),
    "pairs of folders with imports": lambda scope: len(set(scope.folder_imports)),
    "import cycles between folders": lambda scope: len(scope.folder_cycles),
    "folders in these cycles": lambda scope: sum(map(len, scope.folder_cycles)),
    "lines of a module, median / p90 / max": lambda scope: spread(
        module.lines for module in scope.modules
    ),
    "lines of a function, median / p90 / max": lambda scope: spread(
        each.lines for _, each in scope.functions
    ),
    "lines with `Any`": _any_lines,
    "public names with a docstring": _documented_names,
    "public methods with a docstring": _documented_methods,
    "public audio functions that say rate, range, dtype or shape": _documented_audio,
    "functions with `raise` that say `Raises`": _documented_raises,
    "of these the public ones": _documented_public_raises,
    "broad `except` per 1,000 lines": _broad_excepts,
    "test lines : code lines": lambda scope: scope.test_lines / scope.lines,
}
"""What is printed, by its name."""
