"""How many modules stand behind an entry, as far as imports can tell."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.code_base.graph import (
    Graph,
    between,
    longest_chain,
    reachable,
    within,
)
from benchmarks.code_base.modules import Module


@dataclass(frozen=True)
class Way:
    """From the module that takes something in to the class that works on it."""

    entry: str
    """The path of a module, from the root of the tree."""
    goal: str
    """The name of a class in the entry's package."""


def way_figures(
    modules: Sequence[Module], imports: Graph, addresses: Graph, way: Way
) -> dict[str, str | int]:
    """What an entry needs; without figures when the entry or the goal is not there.

    Not the way of a call: imports miss what is handed in at run time, count what is
    imported for its type alone, and their shortest chain skips most of the way. Modules
    that a string names as `package.module:Name` count as imported. Where the entry does
    not reach the goal even so, the modules of its package that other packages name in this way
    and that do reach it are where it is plugged in: they count as entries too.
    """
    by_name = {module.name: module for module in modules}
    entry = next((each for each in modules if each.path.as_posix() == way.entry), None)
    if entry is None:
        return {"from": f"{way.entry}: not there"}
    package = {each.name for each in modules if each.package == entry.package}
    goal = next(
        (name for name in sorted(package) if _has(by_name[name], way.goal)), None
    )
    if goal is None:
        return {"from": way.entry, "to": f"{way.goal}: not there"}
    graph = {name: imports[name] | addresses[name] for name in by_name}
    plugs = _plugs(graph, addresses, package, entry.name, goal)
    starts = {entry.name, *plugs}
    needed = starts | reachable(graph, starts)
    chain = between(graph, entry.name, goal)
    return {
        "from": way.entry,
        "to": f"{way.goal} in {by_name[goal].path.as_posix()}",
        "plugged in by name": ", ".join(
            by_name[name].path.as_posix() for name in plugs
        ),
        "modules of its package that it needs": len(needed & package),
        "lines of these": sum(by_name[name].lines for name in needed & package),
        "modules of all packages that it needs": len(needed),
        "modules in its longest chain of imports, in its package": longest_chain(
            within(graph, package), starts
        ),
        "modules on any chain of imports from the entry to the goal": len(chain) or "",
    }


def _plugs(
    graph: Graph, addresses: Graph, package: set[str], entry: str, goal: str
) -> list[str]:
    if goal in {entry, *reachable(graph, [entry])}:
        return []
    named = set[str]().union(*(addresses[name] for name in addresses.keys() - package))
    return sorted(
        name for name in named & package if goal in {name, *reachable(graph, [name])}
    )


def _has(module: Module, name: str) -> bool:
    return any(
        isinstance(node, ast.ClassDef) and node.name == name
        for node in module.tree.body
    )
