"""Directed graphs of names: what is reached, and what goes round in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set as AbstractSet

Graph = Mapping[str, AbstractSet[str]]
"""For each name those that it points to."""


def reachable(graph: Graph, starts: Iterable[str]) -> set[str]:
    """All that a walk of one step or more gets to."""
    reached: set[str] = set()
    waiting = list(starts)
    while waiting:
        new = graph.get(waiting.pop(), frozenset()) - reached
        reached |= new
        waiting += new
    return reached


def cycles(graph: Graph) -> list[list[str]]:
    """The largest groups in which each member reaches every other, sorted.

    Known as the strongly connected components with more than one member.
    """
    reached = {node: reachable(graph, [node]) for node in graph}
    groups = {
        frozenset(other for other in reached[node] if node in reached.get(other, ()))
        for node in graph
        if node in reached[node]
    }
    return sorted(sorted(group) for group in groups if len(group) > 1)


def within(graph: Graph, names: AbstractSet[str]) -> dict[str, set[str]]:
    """The part of the graph between these names."""
    return {name: set(graph.get(name, ())) & names for name in names}


def between(graph: Graph, start: str, goal: str) -> set[str]:
    """The names on any walk from start to goal, both included; empty without one."""
    passed = {start, *reachable(graph, [start])}
    return {each for each in passed if goal in {each, *reachable(graph, [each])}}


def longest_chain(graph: Graph, starts: Iterable[str]) -> int:
    """Names on the longest chain from a start; a cycle counts with all its names."""
    members = {name: group for group in cycles(graph) for name in group}
    lengths: dict[str, int] = {}

    def length(name: str) -> int:
        if name not in lengths:
            group = members.get(name, [name])
            onward = {other for each in group for other in graph.get(each, ())}
            after = max(map(length, sorted(onward - set(group))), default=0)
            lengths.update(dict.fromkeys(group, len(group) + after))
        return lengths[name]

    return max(map(length, starts), default=0)
