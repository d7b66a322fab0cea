"""What a rule runs on: objectives of several classes, shapes and condition numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ractheory.claims.claim import ObjectiveSpec
from ractheory.conform.rule import Declared


@dataclass(frozen=True)
class Instance:
    """An objective by name and parameters, and the kind of start."""

    name: str
    objective: ObjectiveSpec
    start: str = "normal:1"


def instances(declared: Declared) -> tuple[Instance, ...]:
    """Return the instances whose sketched side has room for the declared rank.

    Shapes are wide, tall and square, and go from just above the rank to several times of it.

    >>> [i.name for i in instances(Declared(1.0, 2, "right"))][:3]
    ['isotropic', 'left-10', 'right-100']
    """
    b = declared.rank + 1
    table: list[tuple[str, str, dict[str, Any]]] = [
        ("isotropic", "isotropic", {"m": 2 * b, "n": b + 1}),
        ("left-10", "spectrum-left", {"m": 2 * b + 1, "n": b, "condition": 10.0}),
        ("right-100", "spectrum-right", {"m": b, "n": 2 * b + 1, "condition": 100.0}),
        ("entries-10", "entry-weights", {"m": b, "n": b + 2, "condition": 10.0}),
        ("counterexample", "counterexample", {"m": max(3, b), "n": max(3, b)}),
        ("least-squares", "least-squares-under", {"m": 2 * b + 2, "n": b, "N": b + 1}),
        ("softmax", "softmax-synthetic", {"m": 2 * b, "n": b + 1}),
        ("sine", "sine", {"m": b + 1, "n": b}),
        ("welsch", "welsch", {"m": b + 1, "n": b + 2}),
        ("nonconvex", "nonconvex-regression", {"m": 2 * b, "n": b}),
    ]
    return tuple(Instance(name, ObjectiveSpec(kind, sizes)) for name, kind, sizes in table)
