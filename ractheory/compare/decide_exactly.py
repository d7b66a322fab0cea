"""Verdicts with no seed: an expectation on a quadratic, decided for every T at once in exact numbers.

Objective, start and scale are the doubles of the run, taken exactly; the step is the exact multiple of
its unit; every constant of the theorem comes from these numbers. In a rotated basis U the quadratic is
that with the spectrum k and the start energies of the computed U^T D_0. An equality is thus confirmed as
an equality. Spectra that no rational holds (Gram matrices of data) are enclosed in balls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.claims.claim import Claim, MethodSpec
from ractheory.compare.build import Experiment, build_method
from ractheory.compare.decision import Decision
from ractheory.compare.exactly import EXACT, chain_of
from ractheory.errors import UsageError
from ractheory.evidence import Evidence, Verdict
from ractheory.exact.arithmetic import ball, decimal, precision, rational
from ractheory.exact.chains import Chain, Part, expectation, numbers
from ractheory.methods import ExactLink, Method, Plain
from ractheory.objectives.base import Objective
from ractheory.theorems import Form, Statement
from ractheory.theorems import symbols as sym
from ractheory.theorems.printing import SIGNS

Array = NDArray[Any]

RATIONAL_STEPS = 200
"""Links up to which rationals are kept as they grow; longer chains are enclosed in balls."""

SAME_STEP = 1e-9
"""Relative difference of a step in doubles from its exact value: eigenvalues of data are no better."""

RATIONAL_PARTS = 64
"""Eigenvalues up to which the same holds."""


def exact_decision(
    claim: Claim, statement: Statement, ran: Experiment
) -> tuple[Decision, dict[str, NDArray[np.float64]]]:
    """Decide `statement` on the chain of `ran` for all T = 1, ..., claim.T, with no seed.

    Returns the decision and the curves of a record: t, mean (E f(W_t) - f*), grad_sq, bound, left.

    Raises
    ------
    UsageError : the expectation of this run has no exact recursion
    """
    if statement.form is not Form.EXPECTATION:
        raise _refused("statement", statement.name, "one on an expectation")
    with precision():
        chain = exact_chain(ran.objective, ran.method, claim.method, ran.start, claim.T)
        constants = {**chain.constants(), **_constants(claim, ran, chain)}
        curves = chain.curves(claim.T)
        try:
            left = expectation(statement.left, curves)
            factor = decimal(claim.bound_factor)
            bound = [factor * chain.bound(statement, constants, T) for T in range(1, claim.T + 1)]
        except (TypeError, KeyError) as reason:
            raise _refused(
                "statement", statement.name, f"one with exact sides ({reason})"
            ) from None
        decision = _decide(statement, left[1:], bound)
        return decision, _record(curves, left, bound)


def _refused(what: str, given: object, allowed: str) -> UsageError:
    return UsageError.of(f"{what} of an exact verdict", given, allowed, "let runs decide it")


# Decision.


def _decide(statement: Statement, left: Sequence[Any], right: Sequence[Any]) -> Decision:
    sign = SIGNS[type(statement.relation)][1]
    holds, fails = RELATIONS[sign]
    pairs = list(zip(left, right, strict=True))
    broken = [bool(fails(a, b)) for a, b in pairs]
    sure = [bool(holds(a, b)) for a, b in pairs]
    verdict = Verdict.CONFIRMED if all(sure) else Verdict.UNDECIDED
    verdict = Verdict.REFUTED if any(broken) else verdict
    at = broken.index(True) if any(broken) else _tightest(sign, pairs)
    kind = "rational arithmetic" if type(left[0]) is type(rational(0)) else "balls"
    equal = all(a == b for a, b in pairs)
    detail = (
        f"E[left] {sign} right at every T = 1, ..., {len(pairs)}, second moments in {kind}; "
        + (f"broken first at T = {at + 1}" if any(broken) else f"closest at T = {at + 1}")
        + ("; equality throughout" if equal else "")
    )
    evidence = Evidence("exact", 0.0, None, None, 0, detail)
    return Decision(verdict, evidence, float(pairs[at][0]), float(pairs[at][1]))


def _tightest(sign: str, pairs: Sequence[tuple[Any, Any]]) -> int:
    ratios = [float(a / b) if b != 0 else np.inf for a, b in pairs]
    return int(np.argmin(ratios) if sign in (">=", ">") else np.argmax(ratios))


Relation = Callable[[Any, Any], bool]
RELATIONS: dict[str, tuple[Relation, Relation]] = {
    "<=": (lambda a, b: a <= b, lambda a, b: a > b),
    "<": (lambda a, b: a < b, lambda a, b: a >= b),
    ">=": (lambda a, b: a >= b, lambda a, b: a < b),
    ">": (lambda a, b: a > b, lambda a, b: a <= b),
    "=": (lambda a, b: a == b, lambda a, b: a != b),
}
"""When a relation holds for certain, and when it fails for certain; balls may do neither."""


def _record(
    curves: Mapping[type, Sequence[Any]], left: Sequence[Any], bound: Sequence[Any]
) -> dict[str, NDArray[np.float64]]:
    def floats(values: Sequence[Any]) -> NDArray[np.float64]:
        return np.array([float(v) for v in values])

    return {
        "t": np.arange(len(left), dtype=float),
        "mean": floats(curves[sym.gap]),
        "grad_sq": floats(curves[sym.grad_sq]),
        "left": floats(left),
        "bound": np.concatenate([[np.nan], floats(bound)]),
    }


# The chain.


def exact_chain(
    f: Objective, method: Method, spec: MethodSpec, start: NDArray[np.float64], steps: int
) -> Chain:
    """Return the chain of `method` (whose step is that of `spec`) on the quadratic f from `start`.

    Raises UsageError where there is no exact recursion.
    """
    chain = chain_of(f, method, start, EXACT)
    if chain is None:
        what = f"{method.name} on {f.name}"
        raise _refused(
            "run", what, "a fresh one-sided sketch, one step a link, on a quadratic of one block"
        )
    rows = all(p.by_rows for p in chain.parts)
    size = sum(p.K.size for p in chain.parts)
    if steps > RATIONAL_STEPS or size > RATIONAL_PARTS or not rows:
        parts = tuple(Part(_balls(p.K), _balls(p.S), p.step) for p in chain.parts)
        chain = replace(chain, parts=parts)
    if not rows and any(bool(v.contains(0)) for v in chain.eigenvalues):
        raise _refused("curvature", "singular and not diagonal", "an invertible one")
    return replace(chain, step=_step(method, spec, chain))


def _balls(values: Array) -> Array:
    return numbers([ball(v) for v in values.ravel()]).reshape(values.shape)


def _step(method: Method, spec: MethodSpec, chain: Chain) -> Any:
    """Return the exact step on W: the multiple as it is written, times the unit in exact numbers.

    A unit may rest on a curvature that the sketch does not meet (the wrong side): what is not the step of
    the method to round-off is not its step, and the double itself is taken.
    """
    if isinstance(method.inner, ExactLink):
        return chain.step
    k = chain.constants()
    trace, L = k["trace_K"], k["L"]
    units = {
        "1/L": lambda: L,
        "1/L_eff": lambda: chain.moments.effective_smoothness(L, trace, k["max_diag_K"]),
        "1/L_plain": lambda: (chain.rank + 1) * L + trace,
        "absolute": lambda: rational(1),
    }
    if spec.unit not in units:
        raise _refused("unit of the step", spec.unit, ", ".join(units))
    step = decimal(spec.step) / units[spec.unit]()
    step = step * rational(method.scale) ** 2 if isinstance(method.inner, Plain) else step
    return step if abs(float(step / chain.step) - 1.0) <= SAME_STEP else chain.step


def _constants(claim: Claim, ran: Experiment, chain: Chain) -> dict[str, Any]:
    """Return the constants of the method that the theorem is told of: the declared one, if any."""
    told, method = chain, ran.method
    if claim.declared is not None:
        method = build_method(claim.declared, ran.objective)
        told = exact_chain(ran.objective, method, claim.declared, ran.start, claim.T)
    m, n = ran.objective.shapes[0]
    scale = rational(method.scale)
    values = {"m": rational(m), "n": rational(n), "s": scale, **told.constants()}
    values["eta"] = told.step / (scale**2 if isinstance(method.inner, Plain) else scale)
    return values
