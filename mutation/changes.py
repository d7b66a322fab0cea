"""Every small change of a file: an operator, a number, an argument, a branch. The operators are mutmut's.

Left alone are words: strings, and what is inside of an f-string or raised with a message; and annotations,
imports and decorators, which decide nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.mutators import mutation_operators, operator_string

OPERATORS = [(kind, make) for kind, make in mutation_operators if make is not operator_string]

WORDS = (cst.SimpleString, cst.FormattedString, cst.Raise)
SILENT = (cst.Annotation, cst.Import, cst.ImportFrom, cst.Decorator)
TYPE_TESTS = {"len", "isinstance"}


@dataclass(frozen=True)
class Change:
    """One change: the file as it would be, and the line of it that differs first."""

    path: str
    line: int
    text: str

    def diff(self) -> str:
        """Return the lines that differ, the old ones before the new ones."""
        old, new = Path(self.path).read_text(encoding="utf-8"), self.text
        lines = difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
        return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


class _Places(cst.CSTVisitor):
    """Collects (node, changed node) over a file."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[cst.CSTNode, cst.CSTNode, int]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, (*WORDS, *SILENT)) or _is_type_test(node) or _is_all(node):
            return False
        for kind, make in OPERATORS:
            if isinstance(node, kind):
                line = self.get_metadata(PositionProvider, node).start.line
                self.found += [(node, changed, line) for changed in make(node)]
        return True


def _is_type_test(node: cst.CSTNode) -> bool:
    called = node.func if isinstance(node, cst.Call) else None
    return isinstance(called, cst.Name) and called.value in TYPE_TESTS


def _is_all(node: cst.CSTNode) -> bool:
    target = node.targets[0].target if isinstance(node, cst.Assign) else None
    return isinstance(target, cst.Name) and target.value == "__all__"


class _Replacement(cst.CSTTransformer):
    def __init__(self, old: cst.CSTNode, new: cst.CSTNode) -> None:
        super().__init__()
        self.old, self.new = old, new

    def on_visit(self, node: cst.CSTNode) -> bool:
        return node is not self.old

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> cst.CSTNode:  # type: ignore[override]
        return self.new if original_node is self.old else updated_node


@dataclass(frozen=True)
class Places:
    """The places of one file that can be changed; the changed text is made when it is asked for."""

    path: str
    module: cst.Module
    found: tuple[tuple[cst.CSTNode, cst.CSTNode, int], ...]

    def change(self, index: int) -> Change:
        old, new, line = self.found[index]
        changed = self.module.visit(_Replacement(old, new))
        assert isinstance(changed, cst.Module)
        return Change(self.path, line, changed.code)


def places(path: Path) -> Places:
    """Return the places of a file, in the order of the file."""
    wrapper = MetadataWrapper(cst.parse_module(path.read_text(encoding="utf-8")))
    visitor = _Places()
    wrapper.visit(visitor)
    return Places(str(path), wrapper.module, tuple(visitor.found))


def changed_function(old: CodeType, new: CodeType) -> tuple[CodeType, CodeType] | None:
    """Return the outermost function that differs, before and after, or None if more than one function does.

    What a module or a class runs when it is imported is more: its value may be anywhere by then.

    >>> def code(text):
    ...     return compile(text, "x.py", "exec")
    >>> changed_function(code("def f(): return 1"), code("def f(): return 2"))[1].co_consts
    (None, 2)
    >>> changed_function(code("x = 1"), code("x = 2")) is None
    True
    """
    if _skeleton(old) != _skeleton(new):
        return None
    pairs = [(a, b) for a, b in zip(_inner(old), _inner(new), strict=True) if _differ(a, b)]
    if len(pairs) != 1:
        return None
    (a, b) = pairs[0]
    if a.co_name.startswith("<") and a.co_name != "<lambda>":
        return None
    return (a, b) if a.co_flags & _IS_FUNCTION else changed_function(a, b)


_IS_FUNCTION = 0x2  # CO_NEWLOCALS; bodies of classes and modules lack it


def _inner(code: CodeType) -> Iterator[CodeType]:
    return (part for part in code.co_consts if isinstance(part, CodeType))


def _skeleton(code: CodeType) -> tuple[object, ...]:
    """What a code does apart from the functions defined in it; their places in the file left out."""
    rest = [repr(part) for part in code.co_consts if not isinstance(part, CodeType)]
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return code.co_code, rest, names, code.co_name, len(list(_inner(code)))


def _differ(a: CodeType, b: CodeType) -> bool:
    if _skeleton(a) != _skeleton(b):
        return True
    return any(_differ(x, y) for x, y in zip(_inner(a), _inner(b), strict=True))
