"""Where each condition of a theorem begins and ends, from formulas worked out by hand."""

from __future__ import annotations

from fractions import Fraction as Q
from math import sqrt
from typing import Any

import pytest

from ractheory.theorems import THEOREMS, Condition, Facts
from tests.theorems.helpers import hypotheses_of
from tests.theorems.test_values import (
    GENERIC,
    A,
    L,
    Leff,
    Lm,
    N,
    a_sgd,
    d,
    floats,
    g,
    hi,
    lo,
    mix_hi,
    mix_lo,
    mu,
    r,
    trK,
)

B, Lcoord = GENERIC["B"], (L * (r - 1) + GENERIC["max_diag_K"] * (d - r)) / (d - 1)
Lplain = (r + 1) * L + trK
a_mix = L * g**2 * mix_hi * A
a_epoch = g**3 * Lm**2 * N**2 * hi * A
bernoulli = (
    "bernoulli-gd-nonconvex",
    "bernoulli-gd-pl",
    "bernoulli-sgd-nonconvex",
    "bernoulli-sgd-pl",
)
reshuffled = ("rr-nonconvex", "rr-pl", "fed-rr-nonconvex", "fed-rr-pl")

Edge = tuple[str, str, Any] | tuple[str, str, Any, dict[str, Any]]

EDGES: dict[str, list[Edge]] = {
    "step below 2/L": [("gamma", "<", Q(2) / L)],
    "counterexample: step below 2/L": [("gamma", "<", Q(1, 10))],
    "effective-dimension: step below 2/L": [("gamma", "<", 2 / Leff)],
    "effective-dimension coordinates: step below 2/L": [("gamma", "<", 2 / Lcoord)],
    "plain-gradient: step below 2/L": [("eta", "<", Q(2) / Lplain), ("s", "<", sqrt(60 / 11))],
    "step at most 1/L": [("gamma", "<=", Q(1) / L)],
    "effective-dimension: step at most 1/L": [("gamma", "<=", 1 / Leff)],
    "effective-dimension coordinates: step at most 1/L": [("gamma", "<=", 1 / Lcoord)],
    "step at most 1/L_eff": [("gamma", "<=", 1 / Leff)],
    "step at most 1/((r+1) L + tr K)": [("eta", "<=", Q(1) / Lplain), ("s", "<=", sqrt(30 / 11))],
    "f never rises": [("gamma", "<=", Q(2) / L)],
    "counterexample: f never rises": [("gamma", "<=", Q(1, 10))],
    "positive lam_min": [("lam_min", ">", 0)],
    **{f"{name}: positive lam_min": [
        ("lam_min_left", ">", Q(-2, 5)), ("lam_min_right", ">", Q(-1, 8)), ("p_left", "<", 1, {"lam_min_left": 0.0}),
    ] for name in bernoulli},
    "a probability": [("p_left", "<=", 1)],
    "step against B": [("gamma", "<=", lo / (B * hi * L)), ("lam_max", "<=", lo / (B * g * L))],
    "step against A": [("gamma", "<=", lo * mu / (2 * A * hi * L)), ("lam_min", ">=", 2 * A * hi * L * g / mu)],
    **{f"{name}: step against B": [("gamma", "<=", mix_lo / (B * mix_hi * L))] for name in bernoulli},
    **{f"{name}: step against A": [("gamma", "<=", mix_lo * mu / (2 * A * mix_hi * L))] for name in bernoulli},
    "step at most 1/(2 L N)": [("gamma", "<=", 1 / (2 * Lm * N)), ("N", "<=", 1 / (2 * Lm * g))],
    "a contraction": [("mu", ">", a_sgd / (lo * g)), ("mu", "<", (1 + a_sgd) / (lo * g))],
    "bernoulli-sgd-pl: a contraction": [
        ("mu", ">", a_mix / (mix_lo * g)), ("mu", "<", (1 + a_mix) / (mix_lo * g)),
    ],
    **{f"{name}: a contraction": [
        ("mu", ">", a_epoch / (Q(3, 4) * lo * g * N)), ("mu", "<", (1 + a_epoch) / (Q(3, 4) * lo * g * N)),
    ] for name in reshuffled},
    "a positive factor": [("mu", "<", 1 / (lo * g * (2 - L * g)))],
    "bounded noise": [("A", "=", 0)],
    "positive rho": [("rho", ">", 0)],
    "a sketch that fits": [("d", ">=", 2, {"r": 1}), ("r", "<=", 6)],
    "a proper sketch": [("r", "<", 6)],
    "rank within the support": [("r", "<=", 5), ("support", ">=", 2), ("support", "<=", 6)],
    "an error level": [("alpha", "<", 1)],
    "step 1/L": [("gamma", "=", Q(1) / L)],
    "the step 1/L": [("eta", "=", Q(1) / L), ("s", "=", sqrt(15))],
    "a shift of rank one": [("rank_D0", "=", 1)],
    "a start off the minimiser": [("D0_sq", ">", 0)],
    "every column starts off the minimiser": [("min_column_sq", ">", 0)],
    "a proper subspace": [("rho", "<", 1)],
    "rank one": [("r", "=", 1)],
    "start at zero": [("W0_sq", "=", 0)],
    "no sketch": [("lam_min", "=", 1)],
    "one inner step": [("inner_steps", "=", 1)],
    "two inner steps": [("inner_steps", "=", 2)],
    "scalars": [("m", "=", 1, {"n": 1}), ("n", "=", 1, {"m": 1})],
    "unit scale": [("s", "=", 1)],
    "one dimension": [("d", "=", 1)],
    "two dimensions": [("d", "=", 2)],
    "two dimensions or more": [("d", ">=", 2)],
    "a step beyond the sharpness": [("eta", ">", Q(1, 6)), ("s", ">", 5)],
    "a step beyond 2/(d+r+1)": [("eta", ">", Q(1, 9)), ("s", ">", sqrt(10 / 3))],
    "a step of the printed rule, |V|^2 = V0_sq, |G| = x": [("eta", "<=", 1 / (8 * sqrt(2)))],
    "a scale within range": [("s", "<=", 2**1.25)],
    "a scale within range of L": [("s", "<=", 8 * sqrt(2))],
    "a step at most 1/(rho L)": [("gamma", "<=", Q(3, 2))],
    "a step at least 1/(rho L)": [("gamma", ">=", Q(3, 2))],
    "not both mu = L and a step 1/(rho L)": [("gamma", "<", Q(21, 8))],
    # 3 - 2 x - x^2/3 + 2 x/3 = 0 with x = L gamma, rho = 1/3
    "PL at the start is used, wide step": [("gamma", "<", (sqrt(13) - 2) / 2)],
    "PL at the start is not used, wide step": [("gamma", ">", (sqrt(13) - 2) / 2)],
}  # fmt: skip
"""Of a condition, or of one theorem's: which constant it bounds at the generic values of the others, and where.

Where a relation compares with zero, or its strict edge is not exact, the edge itself is left to round-off: <, >.
"""

EXACT = {
    "gamma": (1.0,), "lam_min": (0.0,), "rho": (0.0, 1.0), "alpha": (1.0,), "r": (6.0,), "D0_sq": (0.0,),
    "min_column_sq": (0.0,), "p_left": (1.0,),
}  # fmt: skip
"""Strict edges that are computed without rounding: the condition fails there."""

NO_EDGE = {"PL at the start of a link is used"}
"""A root of high degree; `tests/theorems/test_values.py` has a point where it fails."""

CLOSE = 1e-9
"""Relative distance from an edge at which a condition is asked: far above `LAST_PLACES`, far below any other edge."""


def edges_of(theorem: str, statement: str, name: str) -> list[Edge]:
    part = f"{theorem} {statement.split()[0]}: {name}"
    return EDGES.get(part, EDGES.get(f"{theorem}: {name}", EDGES.get(name, [])))


CONDITIONS = [
    (th.id, s.name, h) for th in THEOREMS.values() for s in th.statements
    for h in hypotheses_of(th, s) if isinstance(h, Condition)
]  # fmt: skip

CASES = [
    pytest.param(h, edge, id=f"{theorem}-{statement}-{h.name}-{edge[0]}{edge[1]}")
    for theorem, statement, h in CONDITIONS for edge in edges_of(theorem, statement, h.name)
]  # fmt: skip


@pytest.mark.parametrize(("condition", "edge"), CASES)
def test_a_condition_ends_where_the_formula_says(condition: Condition, edge: Edge) -> None:
    name, relation, where, *others = edge
    value = float(where)
    nearby = CLOSE * (abs(value) or 1.0)

    def holds(at: float) -> bool:
        return condition.check(Facts(floats(**{name: at}, **(others[0] if others else {})))).holds

    assert holds(value - nearby) == (relation in ("<", "<="))
    assert holds(value + nearby) == (relation in (">", ">="))
    if "=" in relation:
        assert holds(value)
    elif name in EXACT and value in EXACT[name]:
        assert not holds(value)


def test_every_condition_has_an_edge() -> None:
    names = {h.name for _, _, h in CONDITIONS}
    assert names == {key.split(": ")[-1] for key in EDGES} | NO_EDGE
