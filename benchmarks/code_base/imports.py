"""Which module imports which, as written in the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence

from benchmarks.code_base.modules import Module

_ADDRESS = re.compile(r"([A-Za-z_][\w.]*):[A-Za-z_]\w*")


def import_graph(modules: Sequence[Module]) -> dict[str, set[str]]:
    """For each module those of the tree that it imports, wherever in it."""
    names = {module.name for module in modules}
    return {module.name: set(_imported(module, names)) for module in modules}


def address_graph(modules: Sequence[Module]) -> dict[str, set[str]]:
    """For each module those that a string in it names as `package.module:Name`."""
    names = {module.name for module in modules}
    return {module.name: set(_addressed(module)) & names for module in modules}


def _imported(module: Module, names: Collection[str]) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name in names)
        elif isinstance(node, ast.ImportFrom):
            source = import_source(node, module)
            for each in node.names:
                # A name of a package may be a module of it.
                candidates = (f"{source}.{each.name}", source)
                yield from [name for name in candidates if name in names][:1]


def import_source(node: ast.ImportFrom, module: Module) -> str:
    """The dotted name after `from`, made absolute."""
    if not node.level:
        return node.module or ""
    parts = module.import_base.split(".")
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, node.module] if node.module else parts)


def _addressed(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = _ADDRESS.fullmatch(node.value)
            if found:
                yield found[1]
