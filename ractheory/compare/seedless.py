"""Verdicts with no seed: an expectation on a quadratic, decided for every T at once in exact numbers.

Objective, start and scale are the doubles of the run, taken exactly; the step is the exact multiple of
its unit; every constant of the theorem comes from these numbers. In a rotated basis U the quadratic is
that with the spectrum k and the start energies of the computed U^T D_0. An equality is thus confirmed as
an equality. Spectra that no rational holds (Gram matrices of data) are enclosed in balls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.claims.claim import Claim, MethodSpec
from ractheory.compare.build import Experiment, build_method
from ractheory.compare.decision import Decision
from ractheory.errors import UsageError
from ractheory.evidence import Evidence, Verdict
from ractheory.exact.arithmetic import ball, decimal, precision, rational, symmetric_eigen
from ractheory.exact.chains import ExactChain, Part, expectation, numbers
from ractheory.exact.moments import IDENTITY, Moments, coordinate, gaussian_factor, haar
from ractheory.methods import ExactLink, Method, Plain, PseudoInverse, Trains
from ractheory.objectives.base import Objective
from ractheory.objectives.quadratic import EntryQuadratic, MatrixQuadratic
from ractheory.theorems import Form, Statement
from ractheory.theorems import symbols as sym
from ractheory.theorems.printing import SIGNS

Array = NDArray[Any]

RATIONAL_STEPS = 200
"""Links up to which rationals are kept as they grow; longer chains are enclosed in balls."""

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
) -> ExactChain:
    """Return the chain of `method` (whose step is that of `spec`) on the quadratic f from `start`."""
    side = _side(method)
    parts, diagonal = _parts(f, side, start)
    keep = steps <= RATIONAL_STEPS and sum(len(p.k) for p in parts) <= RATIONAL_PARTS
    if not keep:
        parts = tuple(Part(_balls(p.k), _balls(p.energy)) for p in parts)
    moments = _moments(method, len(parts[0].k), diagonal).convert(rational)
    chain = ExactChain(
        parts, rational(1), moments, min(method.rank or len(parts[0].k), len(parts[0].k))
    )
    return ExactChain(parts, _step(method, spec, chain), moments, chain.rank)


def _balls(values: Array) -> Array:
    return numbers([ball(v) for v in values])


def _side(method: Method) -> str:
    if not method.redraw or method.inner.steps != 1 or method.trains is Trains.BERNOULLI:
        raise _refused("method", method.name, "a fresh one-sided sketch and one step for each link")
    if method.trains is Trains.BOTH:
        return "right" if method.gaussian_is_A else "left"
    return "right" if method.trains is Trains.RIGHT else "left"


def _moments(method: Method, d: int, diagonal: bool) -> Moments:
    """Return the moments of S in dimension d; coordinates need a K that is diagonal in them."""
    name = method.law.name
    if isinstance(method.inner, Plain) and name == "gaussian" and method.initial_std == 1.0:
        return gaussian_factor(d, method.rank)
    projected = isinstance(method.inner, PseudoInverse | ExactLink)
    if projected and name == "identity":
        return IDENTITY
    if projected and name in ("haar", "gaussian"):
        return haar(d, min(method.rank, d))
    if projected and name == "coordinates" and diagonal:
        return coordinate(d, method.rank)
    raise _refused("sketch", name, "one whose second moment closes on the row energies")


def _step(method: Method, spec: MethodSpec, chain: ExactChain) -> Any:
    """Return the exact step on W: the multiple as it is written, times the unit in exact numbers."""
    k = chain.constants()
    if isinstance(method.inner, ExactLink):
        if any(v != k["L"] for v in chain.eigenvalues):
            raise _refused("link", "exact minimisation", "a step, or an isotropic quadratic")
        return 1 / k["L"]
    trace, L = k["trace_K"], k["L"]
    units = {
        "1/L": lambda: L,
        "1/L_eff": lambda: chain.moments.effective_smoothness(L, trace),
        "1/L_plain": lambda: (chain.rank + 1) * L + trace,
        "absolute": lambda: rational(1),
    }
    if spec.unit not in units:
        raise _refused("unit of the step", spec.unit, ", ".join(units))
    step = decimal(spec.step) / units[spec.unit]()
    return step * rational(method.scale) ** 2 if isinstance(method.inner, Plain) else step


def _constants(claim: Claim, ran: Experiment, chain: ExactChain) -> dict[str, Any]:
    """Return the constants of the method that the theorem is told of: the declared one, if any."""
    told = chain
    method = ran.method
    if claim.declared is not None:
        method = build_method(claim.declared, ran.objective)
        told = exact_chain(ran.objective, method, claim.declared, ran.start, claim.T)
    m, n = ran.objective.shapes[0]
    values = {"m": rational(m), "n": rational(n), "s": rational(method.scale)}
    values |= told.constants()
    if isinstance(method.inner, Plain):
        values["eta"] = told.step / values["s"] ** 2
    else:
        values["eta"] = told.step / values["s"]
    return values


def _parts(f: Objective, side: str, start: NDArray[np.float64]) -> tuple[tuple[Part, ...], bool]:
    """Return f - f* as parts for a sketch on `side`, and whether K is diagonal in the coordinates."""
    centre = f.constants.minimiser
    if len(f.shapes) != 1 or f.quadratic_form() is None or centre is None:
        raise _refused("objective", f.name, "a quadratic of one block")
    if isinstance(f, MatrixQuadratic):
        return _matrix_parts(f, side, start)
    kind, K = f.quadratic_form() or ("", np.empty(0))
    D = _exact_difference(start, f.centre if isinstance(f, EntryQuadratic) else centre, f.shapes[0])
    if side == "right":
        D, K, kind = D.T, K.T, {"left": "right", "right": "left"}.get(kind, kind)
    if kind == "entry":
        columns = [(_rationals(K[:, j]), D[:, [j]]) for j in range(K.shape[1])]
        return _merged([Part(k, _energies(E)) for k, E in columns]), True
    values, vectors = symmetric_eigen(K)
    rotated = D if kind == "left" else D.T
    energy = numbers([_component(v, rotated) for v in vectors])
    if kind == "left":
        return (Part(numbers(values), energy),), False
    return _constant_parts(values, energy, len(D)), True


def _component(v: Sequence[Any], D: Array) -> Any:
    """Return |v^T D|^2/|v|^2."""
    row = [sum((a * b for a, b in zip(v, column, strict=True)), rational(0)) for column in D.T]
    return sum(x * x for x in row) / sum(a * a for a in v)


def _matrix_parts(
    f: MatrixQuadratic, side: str, start: NDArray[np.float64]
) -> tuple[tuple[Part, ...], bool]:
    D = _exact_difference(start, f.centre, f.shapes[0])
    D = D if f.sides[0] == "left" else D.T
    U = f.bases[0]
    rows = D if U is None else np.dot(_rationals(U.T.ravel()).reshape(U.shape), D)
    k, energy = _rationals(f.spectra[0]), _energies(rows)
    if side == f.sides[0]:
        return (Part(k, energy),), U is None
    return _constant_parts(k, energy, D.shape[1]), True


def _constant_parts(k: Iterable[Any], energy: Array, d: int) -> tuple[Part, ...]:
    """Return one part for each eigenvalue on the other side: there K_j = k_j I in dimension d.

    By symmetry only the total energy of such a part matters; it is put in the first row.
    """
    nothing = [rational(0)] * (d - 1)
    return tuple(
        Part(numbers([v] * d), numbers([e, *nothing])) for v, e in zip(k, energy, strict=True)
    )


def _merged(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return the parts with those of one spectrum put together."""
    groups: dict[tuple[str, ...], Part] = {}
    for part in parts:
        key = tuple(str(v) for v in part.k)
        known = groups.get(key)
        groups[key] = part if known is None else Part(part.k, known.energy + part.energy)
    return tuple(groups.values())


def _rationals(values: NDArray[np.float64]) -> Array:
    return numbers([rational(float(v)) for v in values])


def _exact_difference(
    a: NDArray[np.float64], b: NDArray[np.float64], shape: tuple[int, int]
) -> Array:
    return (_rationals(a) - _rationals(b)).reshape(shape)


def _energies(D: Array) -> Array:
    return numbers([sum((x * x for x in row), rational(0)) for row in D])
