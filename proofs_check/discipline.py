"""What the file of a proof may say: it calls the rules, and reaches nothing behind them.

The checker trusts its own modules (`algebra` to `discipline`, and the dictionaries) and none of the
files in `families`. Python hides nothing from them, so their text is read before they are believed.
"""

from __future__ import annotations

import ast
from dataclasses import fields
from functools import lru_cache
from pathlib import Path

from proofs_check.chance import Chance
from proofs_check.kernel import Session

FAMILIES = Path(__file__).parent / "families"

RULES = frozenset({
    "abbreviate", "at_least_lam_min", "at_most_lam_max", "average", "below_all", "bound_of", "by_cases",
    "cancel", "condition", "conditions", "count", "discard", "divide", "divisor", "equal",
    "inverse_root", "mean_vector", "new_setting", "power_above_one", "power_below_one",
    "power_monotone", "product", "prove", "prove_sign", "resolve", "root", "sketch", "specialise",
    "spectrum", "spell_out", "theorem", "total", "unbounded", "whole",
})  # fmt: skip
"""What a proof may ask of the session and of the chance of a link."""

MODULES = ("__future__", "collections.abc", "dataclasses", "functools", "sympy", "typing")
PACKAGES = ("proofs_check", "ractheory.theorems", "ractheory.laws", "ractheory.assumptions")

TRUSTED = frozenset({
    "Fact", "Goal", "Point", "Link", "Operator", "Inverse", "Vector", "Moments", "Side", "Session",
    "Core", "Ledger", "Step", "Supposition", "Planted", "Theorem", "Statement", "vector", "link",
    "state", "replace", "import_module",
})  # fmt: skip
"""What only the modules of the checker make."""

BUILTINS = frozenset({
    "setattr", "getattr", "delattr", "vars", "globals", "locals", "exec", "eval", "compile", "open",
    "type", "object", "super", "__import__", "input", "print", "breakpoint", "memoryview",
})  # fmt: skip

CHANGES = frozenset({
    "add", "append", "clear", "extend", "insert", "pop", "popitem", "remove", "setdefault", "update",
    "cache_clear",
})  # fmt: skip
"""Methods that change what they are called on."""


def hidden() -> frozenset[str]:
    """Return the attributes of the session and of a chance that are no rules."""
    names = {n for kind in (Session, Chance) for n in dir(kind)}
    names |= {f.name for kind in (Session, Chance) for f in fields(kind)}
    return frozenset(names) - RULES


def breaches(text: str) -> list[str]:
    """Return what the file of a proof says that it may not.

    >>> breaches("s.steps.append(x)")
    ['line 1: reaches append', 'line 1: reaches steps']
    >>> breaches("s.prove('a', le(0, 1), squares=[(1, one)])")
    []
    """
    found = [
        (getattr(node, "lineno", 0), why)
        for node in ast.walk(ast.parse(text))
        for why in _breaches_of(node)
    ]
    return [f"line {line}: {why}" for line, why in found]


def _breaches_of(node: ast.AST) -> list[str]:
    match node:
        case ast.Attribute(attr=name) if name.startswith("_") or name in hidden() | CHANGES:
            return [f"reaches {name}"]
        case ast.Name(id=name) if name in BUILTINS or name.startswith("__"):
            return [f"uses {name}"]
        case ast.Call(func=ast.Name(id=name)) if name in TRUSTED:
            return [f"makes {name}"]
        case ast.Call(func=ast.Attribute(attr=name)) if name in TRUSTED:
            return [f"makes {name}"]
        case ast.Import(names=names):
            return [f"imports {a.name}" for a in names if a.name not in MODULES]
        case ast.ImportFrom(module=module, names=names):
            inside = module in MODULES or str(module).startswith(PACKAGES)
            return [f"imports {a.name}" for a in names if not inside or a.name.startswith("_")]
        case ast.ClassDef(bases=bases, keywords=keywords) if bases or keywords:
            return [f"derives {node.name}"]
        case ast.Try() | ast.Global() | ast.Nonlocal() | ast.Assert() | ast.Delete():
            return [f"says {type(node).__name__.lower()}"]
        case ast.Assign(targets=targets):
            return [f"changes {ast.unparse(x)}" for x in targets if _inside(x)]
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target) if _inside(target):
            return [f"changes {ast.unparse(target)}"]
    return []


def _inside(target: ast.expr) -> bool:
    """Say whether an assignment changes an object instead of naming one."""
    return any(isinstance(x, (ast.Attribute, ast.Subscript)) for x in ast.walk(target))


@lru_cache(maxsize=1)
def all_breaches() -> tuple[str, ...]:
    """Return the breaches in every file of proofs; read once."""
    return tuple(
        f"{path.name}, {breach}"
        for path in sorted(FAMILIES.glob("*.py"))
        for breach in breaches(path.read_text(encoding="utf-8"))
    )
