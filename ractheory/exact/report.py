"""What `ractheory exact` answers: E f(W_t) of RAC-LoRA on a quadratic, with the theory beside it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isfinite, lcm, log10
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from ractheory.errors import UsageError, integer
from ractheory.exact.bounds import QuadraticFacts, applicable, curves, exact_right_side
from ractheory.exact.moments import Moments, sketch_moments
from ractheory.exact.parse import eigenvalues, exact_number, exact_numbers, nonnegative
from ractheory.exact.recursion import RowRecursion, contraction, vector
from ractheory.exact.stability import Stability
from ractheory.theorems import THEOREMS, Facts
from ractheory.theorems import symbols as sym

Array = NDArray[Any]

MAX_STEPS = 1_000_000
"""Steps of one report; the curve is written out in full."""

MAX_COLUMNS = 1_000_000_000
"""Columns enter only as the energies of the default start."""

MAX_CHARACTERS = 20_000_000
"""Length of all exact values of one report together."""

REPORT_SKETCHES = ("haar", "coordinate")
ROWS = ("gd-pl", "gd-pl-isotropic", "gd-convex", "effective-dimension", "exact-quadratic")
"""Theorems that bound E f_t - f* on a quadratic."""
GRADIENT_ROWS = ("gd-nonconvex", "effective-dimension")
"""Theorems that bound the mean of E |G_s|^2 over s < t."""


def exact_report(
    spectrum: str | Sequence[Any],
    columns: int,
    rank: int,
    step: Any,
    steps: int,
    side: str = "left",
    sketch: str = "haar",
    start_energy: str | Sequence[Any] | None = None,
    arithmetic: str = "float",
) -> dict[str, Any]:
    """Return E f(W_t), t = 0, ..., steps, of RAC-LoRA on 1/2 tr(D^T diag(k) D), as plain JSON values.

    With side "right" the objective is 1/2 tr(D diag(k) D^T) and `columns` counts the rows of D.
    Numbers may be strings ("0.1", "1/3"), which are read exactly. The answer has at least the keys

    - t, expected: steps and E f(W_t) - f* (f* = 0); null from where it exceeds the range of doubles
    - bounds: by theorem id, the bound on `expected`; not_applicable: why others are missing
    - spectral_radius, stable, step_limit, best_step, best_radius: over the positive eigenvalues
    - L_eff; steps: the spectral radius at 1/L, 1/L_eff, 2/L and the best step
    - one_step_factor: the least q with E f_{t+1} <= q E f_t from every start
    - with rational arithmetic expected_exact ("p/q"), and certified: whether each bound holds at all
      t, by comparison of rationals

    Raises UsageError for unusable input.

    >>> answer = exact_report("1,1", columns=1, rank=1, step=1, steps=2, arithmetic="rational")
    >>> answer["expected"], answer["expected_exact"], round(answer["best_step"], 12)
    ([1.0, 0.5, 0.25], ['1', '1/2', '1/4'], 1.0)
    """
    k = eigenvalues("spectrum", spectrum)
    gamma, energy = _step(step), _start(start_energy, len(k), columns)
    moments = _moments(sketch, len(k), rank)
    integer("steps", steps, 0, MAX_STEPS)
    _one_of("side", side, ("left", "right"))
    _one_of("arithmetic", arithmetic, ("float", "rational"))

    distance = sum((s for v, s in zip(k, energy, strict=True) if v > 0), Fraction(0))
    facts = QuadraticFacts(
        [float(v) for v in k], rank, _float(gamma), float(distance), side, columns, sketch
    ).facts()
    answer = {
        "t": list(range(steps + 1)),
        **_curves(k, gamma, moments, energy, steps, facts, arithmetic),
        **_stability(k, gamma, moments),
    }
    return answer


def _curves(
    k: Sequence[Fraction], gamma: Fraction, moments: Moments, energy: Sequence[Fraction], steps: int,
    facts: Facts, arithmetic: str,
) -> dict[str, Any]:  # fmt: skip
    """Return E f_t and the mean squared gradient with their bounds."""
    exact = _rational_curve(k, gamma, moments, energy, steps) if arithmetic == "rational" else None
    start = float(sum(a * s for a, s in zip(k, energy, strict=True)) / 2)
    bounds, reasons = curves(ROWS, facts, start, steps, sym.gap(sym.T))
    gradient_bounds, _ = curves(GRADIENT_ROWS, facts, start, steps, sym.mean_grad_sq(sym.T))
    expected, mean_gradient = _float_curves(k, gamma, moments, energy, steps)
    answer: dict[str, Any] = {
        "expected": expected, "bounds": _listed(bounds), "not_applicable": reasons,
        "mean_grad_sq": mean_gradient,
        "gradient_bounds": {name: [None, *c[1:]] for name, c in _listed(gradient_bounds).items()},
    }  # fmt: skip
    if exact is not None:
        answer["expected"] = [_finite(_float(value)) for value in exact]
        answer["expected_exact"] = [_text(value) for value in exact]
        answer["certified"] = {name: _holds(name, facts, exact) for name in bounds}
    return answer


def _one_of(name: str, value: str, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise UsageError.of(name, value, " or ".join(allowed), "choose one of these")
    return value


def _moments(sketch: str, dimension: int, rank: int) -> Moments:
    _one_of("sketch", sketch, REPORT_SKETCHES)
    return sketch_moments(sketch, dimension, rank)


def _step(step: Any) -> Fraction:
    gamma = exact_number("step", step)
    if gamma <= 0:
        raise UsageError.of("step", step, "a number > 0", "a step of 1/L is safe")
    return gamma


def _start(
    start_energy: str | Sequence[Any] | None, dimension: int, columns: int
) -> list[Fraction]:
    count = integer("columns", columns, 1, MAX_COLUMNS)
    if start_energy is None:
        return [Fraction(count)] * dimension
    energy = list(nonnegative("start energies", exact_numbers("start energies", start_energy)))
    if len(energy) != dimension:
        raise UsageError.of(
            "number of start energies", len(energy), str(dimension), "give one for each eigenvalue"
        )
    return energy


def _float_curves(
    k: Sequence[Fraction], gamma: Fraction, moments: Moments, energy: Sequence[Fraction], steps: int
) -> tuple[list[float | None], list[float | None]]:
    """Return E f_t, and the mean of E |G_s|^2 over s < t (None at t = 0), in doubles.

    k is divided by L, so that only gamma L enters the recursion.
    """
    top = max(k)
    L, a = float(top), _float(gamma * top)
    chain = RowRecursion(vector([float(v / top) for v in k]), a, moments.convert(float))
    values, total = [], 0.0
    means: list[float | None] = []
    with np.errstate(over="ignore", invalid="ignore"):
        for t, s in enumerate(chain.energies(vector([float(v) for v in energy]), steps)):
            values.append(_finite(float(chain.value(s)) * L))
            means.append(_finite(total * L * L / t) if t else None)
            total += float(chain.grad_sq(s))
    return values, means


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _listed(curves: dict[str, list[float]]) -> dict[str, list[float | None]]:
    return {name: [_finite(value) for value in curve] for name, curve in curves.items()}


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _rational_curve(
    k: Sequence[Fraction], gamma: Fraction, moments: Moments, energy: Sequence[Fraction], steps: int
) -> list[Fraction]:
    """Return the curve in rationals, computed by python-flint."""
    from flint import fmpq

    def rational(value: Fraction) -> Any:
        return fmpq(value.numerator, value.denominator)

    plain = RowRecursion(vector(k), gamma, moments)
    entries = [*plain.diagonal, *plain.weights]
    growth = log10(lcm(*(v.denominator for v in entries))) + log10(1 + max(entries))
    if growth * steps**2 > MAX_CHARACTERS:
        raise UsageError.of(
            "steps with rational arithmetic", steps,
            f"at most {int((MAX_CHARACTERS / growth) ** 0.5)} for these numbers",
            "use float arithmetic, or fractions with small denominators",
        )  # fmt: skip
    chain = RowRecursion(
        vector([rational(v) for v in k]), rational(gamma), moments.convert(rational)
    )
    curve = chain.expected(vector([rational(s) for s in energy]), steps)
    return [Fraction(int(v.p), int(v.q)) for v in curve]


def _text(value: Fraction) -> str:
    """Return "p/q"; python-flint writes numbers of any length."""
    from flint import fmpq

    return str(fmpq(value.numerator, value.denominator))


def _holds(name: str, facts: Facts, exact: Sequence[Fraction]) -> bool:
    """Whether every bound of a theorem that applies holds at every t, in exact arithmetic.

    The constants of the bound are the facts as doubles, taken exactly.
    """
    rational = {key: Fraction(v) for key, v in facts.values.items() if isinstance(v, (int, float))}
    for statement in applicable(THEOREMS[name], facts, sym.gap(sym.T))[0]:
        right = exact_right_side(statement, rational, exact[0])
        for step, value in enumerate(exact):
            if step and not sp.Rational(value) <= right.xreplace({sym.T: sp.Integer(step)}):
                return False
    return True


def _stability(k: Sequence[Fraction], gamma: Fraction, moments: Moments) -> dict[str, Any]:
    L, trace, step = max(k), sum(k), _float(gamma)
    spectrum = np.array([float(v) for v in k])
    chain = Stability.of(spectrum, moments)
    L_eff = moments.effective_smoothness(L, trace)
    best, limit = chain.best_step(), chain.step_limit()
    named = {"1/L": 1 / L, "1/L_eff": 1 / L_eff, "2/L": 2 / L, "best": best, "limit": limit}
    factor = contraction(RowRecursion(vector(k), gamma, moments))
    with np.errstate(over="ignore"):
        radius = chain.radius(step)
        return {
            "spectral_radius": _finite(radius), "stable": step < limit, "step_limit": limit,
            "best_step": best, "best_radius": chain.radius(best), "L": float(L), "L_eff": float(L_eff),
            "effective_dimension": float(trace / L), "one_step_factor": _finite(_float(factor)),
            "steps": {n: {"step": float(g), "radius": chain.radius(float(g))} for n, g in named.items()},
        }  # fmt: skip
