"""`python -m benchmarks structure`: how the code base stands, read from its source.

Nothing of the measured tree is imported, so an older checkout can be measured too.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path

from benchmarks.code_base.figures import FIGURES, Value, scopes, shown
from benchmarks.code_base.graph import cycles
from benchmarks.code_base.imports import address_graph, import_graph
from benchmarks.code_base.modules import (
    ALL,
    PACKAGES,
    lines_of_tests,
    package_of,
    read_modules,
)
from benchmarks.code_base.paths import Way, way_figures
from benchmarks.report import ROOT, commit, table

AUDIO = Way("stt_app/consumers.py", "Segmenter")
TEXT = Way("tts_app/api.py", "PiperWorker")
MISSING = "–"
NOTE = """\
What an entry needs is not the way of a call: imports miss what is handed in at run time,
and count what is imported for its type alone. Modules that a string names as
`package.module:Name` count as imported. A chain counts all modules of a cycle in it.
"""

Grid = dict[str, dict[str, str]]
"""The cells of a table, by row and column."""


@dataclass(frozen=True)
class Structure:
    """What was counted of one tree."""

    commit: str
    figures: dict[str, dict[str, Value]]
    """By package, ALL first, and by name."""
    package_imports: Counter[tuple[str, str]]
    """From one package to another."""
    folder_imports: Counter[tuple[str, str]]
    """From one folder to another of the same package."""
    folder_cycles: list[list[str]]
    module_cycles: list[list[str]]
    ways: dict[str, dict[str, str | int]]

    def as_json(self) -> dict[str, object]:
        """The same in plain dictionaries, lists and numbers."""
        return {
            "commit": self.commit,
            "figures": {
                package: {name: _plain(value) for name, value in found.items()}
                for package, found in self.figures.items()
            },
            "package_imports": _counted(self.package_imports),
            "folder_imports": _counted(self.folder_imports),
            "folder_cycles": self.folder_cycles,
            "module_cycles": self.module_cycles,
            "ways": self.ways,
        }


def measure(root: Path, ways: Mapping[str, Way]) -> Structure:
    """Read and count. Raises ValueError without a package, SyntaxError, OSError."""
    modules = read_modules(root)
    if not modules:
        raise ValueError(f"no package in {root}; packages are {', '.join(PACKAGES)}")
    imports, addresses = import_graph(modules), address_graph(modules)
    by_package = scopes(modules, imports, lines_of_tests(root, modules))
    return Structure(
        commit(root),
        {
            package: {name: count(scope) for name, count in FIGURES.items()}
            for package, scope in by_package.items()
        },
        Counter(
            (package_of(one), package_of(other))
            for one, others in imports.items()
            for other in others
            if package_of(one) != package_of(other)
        ),
        Counter(by_package[ALL].folder_imports),
        by_package[ALL].folder_cycles,
        cycles(imports),
        {
            name: way_figures(modules, imports, addresses, way)
            for name, way in ways.items()
        },
    )


def report(structure: Structure) -> str:
    """The tables of one tree."""
    tables = _tables(structure)
    return "\n".join(
        [
            f"Commit: {structure.commit}\n",
            *(_table(title, tables[title]) for title in tables),
            *_cycles(structure),
            NOTE,
        ]
    )


def comparison(before: Structure, after: Structure) -> str:
    """The whole tree in two columns, then the tables of both, "before → after"."""
    old, new = _whole(before), _whole(after)
    sides = {
        name: {"before": old[name], "after": new[name]}
        for name in new
        if old[name] != new[name]
    }
    one, other = _tables(before), _tables(after)
    both = {title: side_by_side(one[title], other[title]) for title in other}
    return "\n".join(
        [
            f"Before: {before.commit}, after: {after.commit}\n",
            _table("Before and after, all packages, what changed", sides),
            *(_table(f"{title}, before → after", both[title]) for title in both),
            "Before:\n",
            *_cycles(before),
            "After:\n",
            *_cycles(after),
        ]
    )


def side_by_side(before: Grid, after: Grid) -> Grid:
    """Both tables in one; a cell that did not change stands once."""
    rows = dict.fromkeys([*after, *before])
    columns = dict.fromkeys(name for grid in (after, before) for name in _columns(grid))
    return {
        row: {
            column: _both(
                before.get(row, {}).get(column, MISSING),
                after.get(row, {}).get(column, MISSING),
            )
            for column in columns
        }
        for row in rows
    }


def main(arguments: Sequence[str]) -> int:
    """Print what was asked for. Exits with 2 where there is nothing to measure."""
    parser = _parser()
    found = parser.parse_args(arguments)
    ways = {
        "audio frame": Way(found.audio_entry, found.audio_goal),
        "text": Way(found.text_entry, found.text_goal),
    }
    try:
        after = measure(found.root, ways)
        before = measure(found.compare, ways) if found.compare else None
    except (ValueError, SyntaxError, OSError) as error:
        parser.error(str(error))
    if found.json:
        sides = {"before": before.as_json()} if before else {}
        print(json.dumps({**sides, "after": after.as_json()}, indent=1))
    else:
        print(report(after))
        print(comparison(before, after) if before else "")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks structure", description=__doc__
    )
    parser.add_argument(
        "--root", type=Path, default=ROOT, help="the tree; default ours"
    )
    parser.add_argument(
        "--compare", type=Path, metavar="BEFORE", help="an older tree, for more tables"
    )
    parser.add_argument("--json", action="store_true", help="figures for programs")
    for name, way in {"audio": AUDIO, "text": TEXT}.items():
        parser.add_argument(
            f"--{name}-entry", default=way.entry, help=f"module; default {way.entry}"
        )
        parser.add_argument(
            f"--{name}-goal", default=way.goal, help=f"class; default {way.goal}"
        )
    return parser


def _tables(structure: Structure) -> dict[str, Grid]:
    packages = list(structure.figures)
    figures = {
        name: {package: shown(structure.figures[package][name]) for package in packages}
        for name in FIGURES
    }
    between_packages = {
        one: {
            other: MISSING
            if one == other
            else f"{structure.package_imports[one, other]}"
            for other in packages[1:]
        }
        for one in packages[1:]
    }
    between_folders = {
        f"{one} → {other}": {"imports": str(count)}
        for (one, other), count in sorted(structure.folder_imports.items())
    }
    ways: Grid = {}
    for name, cells in structure.ways.items():
        for row, cell in cells.items():
            ways.setdefault(row, {})[name] = str(cell) or MISSING
    return {
        "Packages": figures,
        "Imports from a package (row) of a package (column)": between_packages,
        "Imports between folders of a package": between_folders,
        "What stands behind an entry": ways,
    }


def _whole(structure: Structure) -> dict[str, str]:
    return {name: shown(value) for name, value in structure.figures[ALL].items()}


def _cycles(structure: Structure) -> list[str]:
    kinds = {"folders": structure.folder_cycles, "modules": structure.module_cycles}
    return [
        f"Import cycles between {kind}: {'; '.join(map(' ↔ '.join, groups)) or 'none'}.\n"
        for kind, groups in kinds.items()
    ]


def _table(title: str, grid: Grid) -> str:
    columns = _columns(grid)
    rows = [
        [name, *(cells.get(column, MISSING) for column in columns)]
        for name, cells in grid.items()
    ]
    return table(title, ["", *columns], rows)


def _columns(grid: Grid) -> list[str]:
    return list(dict.fromkeys(column for cells in grid.values() for column in cells))


def _both(before: str, after: str) -> str:
    return after if before == after else f"{before} → {after}"


def _counted(imports: Counter[tuple[str, str]]) -> list[list[str | int]]:
    return [[*pair, count] for pair, count in sorted(imports.items())]


def _plain(value: Value) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return round(value, 4) if isinstance(value, float) else value
