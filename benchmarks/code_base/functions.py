"""The functions of a module, and what their docstrings tell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.code_base.imports import import_source
from benchmarks.code_base.modules import Module, local_nodes

_ARRAYS = {"ndarray", "NDArray"}
_AUDIO = {*_ARRAYS, "Samples", "Audio"}
_BYTES = {"bytes", "bytearray", "memoryview"}
_AUDIO_NAME = re.compile("pcm|frame|audio|samples")
_AUDIO_FACT = re.compile(
    r"\brates?\b|_hz\b|\bk?Hz\b"
    r"|\[-1(\.0)?, ?1(\.0)?[\])]|\bfull scale\b"
    r"|\bdtype\b|\bu?int\d+\b|\bfloat\d+\b|\bPCM\d+\b|\b\d+-bit\b"
    r"|\bshape\b|\bmono\b|\bstereo\b|\bchannels?\b|\b\d-D\b|\bdimension",
    re.IGNORECASE,
)
"""Words for a rate, a range, a type of number or a shape."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    """A function or a method."""

    node: _Function
    owner: ast.ClassDef | None
    """The class of a method."""
    is_public: bool
    """Neither it nor what it stands in has a leading underscore (dunders may), and it
    stands in no other function."""

    @property
    def lines(self) -> int:
        """From `def` to the end, without decorators."""
        return (self.node.end_lineno or 0) - self.node.lineno + 1

    @property
    def is_dunder(self) -> bool:
        return _is_dunder(self.node.name)

    @property
    def raises(self) -> bool:
        """Whether a `raise` stands in it, nested functions aside."""
        return any(isinstance(each, ast.Raise) for each in local_nodes(self.node))

    @property
    def says_what_it_raises(self) -> bool:
        """Whether its docstring, or that of its class, has the word Raises."""
        owners = ast.get_docstring(self.owner) or "" if self.owner else ""
        return bool(re.search(r"\bRaises\b", f"{self.docstring}\n{owners}"))

    @property
    def says_what_audio(self) -> bool:
        """Whether its docstring names a rate, range, type of number or shape."""
        return bool(_AUDIO_FACT.search(self.docstring))

    @property
    def docstring(self) -> str:
        """Its own; for `__init__` also that of the class."""
        own = ast.get_docstring(self.node) or ""
        if self.owner and self.node.name == "__init__":
            own += "\n" + (ast.get_docstring(self.owner) or "")
        return own.strip()

    def handles_audio(self, arrays: set[str]) -> bool:
        """Whether it takes or gives an array, or bytes by a name that means audio."""
        return any(
            _names(annotation) & arrays
            or (_names(annotation) & _BYTES and _AUDIO_NAME.search(name))
            for name, annotation in self._typed_names()
        )

    def _typed_names(self) -> Iterator[tuple[str, ast.expr | None]]:
        yield self.node.name, self.node.returns
        arguments = self.node.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        for each in (*named, arguments.vararg, arguments.kwarg):
            if each:
                yield each.arg, each.annotation


def functions(module: Module) -> list[Function]:
    """All of them, nested ones too."""
    return list(_functions(module.tree, None, is_public=True))


def public_names(module: Module) -> list[_Function | ast.ClassDef]:
    """Its functions and classes on the top level without a leading underscore."""
    return [
        node
        for node in module.tree.body
        if isinstance(node, _Function | ast.ClassDef) and not node.name.startswith("_")
    ]


def audio_types(modules: Sequence[Module]) -> dict[str, set[str]]:
    """For each module the names that mean audio or an array there.

    These are numpy's, `Samples`, `Audio`, and aliases of arrays, defined or imported.
    """
    aliases = {module.name: _array_aliases(module) for module in modules}
    return {
        module.name: _AUDIO | aliases[module.name] | _imported(module, aliases)
        for module in modules
    }


def _functions(
    node: ast.AST, owner: ast.ClassDef | None, *, is_public: bool
) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Function):
            here = is_public and _is_public(child.name)
            yield Function(child, owner, here)
            yield from _functions(child, None, is_public=False)
        elif isinstance(child, ast.ClassDef):
            here = is_public and _is_public(child.name)
            yield from _functions(child, child, is_public=here)
        else:
            yield from _functions(child, owner, is_public=is_public)


def _is_public(name: str) -> bool:
    return not name.startswith("_") or _is_dunder(name)


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _names(node: ast.AST | None) -> set[str]:
    nodes = list(ast.walk(node)) if node else []
    plain = {each.id for each in nodes if isinstance(each, ast.Name)}
    return plain | {each.attr for each in nodes if isinstance(each, ast.Attribute)}


def _array_aliases(module: Module) -> set[str]:
    found = set()
    for node in module.tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=value)
            ) if isinstance(value, ast.Subscript | ast.Attribute):
                if _names(value) & _ARRAYS:
                    found.add(name)
    return found


def _imported(module: Module, aliases: Mapping[str, set[str]]) -> set[str]:
    return {
        alias.asname or alias.name
        for node in module.tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in aliases.get(import_source(node, module), ())
    }
