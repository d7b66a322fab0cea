"""Probes: small questions that the suite answers through its own deciders, tight enough to see an error.

A probe gives one of the four verdicts. It asks through the code path of a claim (`check_claim`), through
exact arithmetic (`exact_report`), through the enumeration of a small world, or through a stated check
of the evidence itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from ractheory.claims import claim
from ractheory.claims.claim import CONFIRMED, REFUTED, UNDECIDED, Claim, MethodSpec, ObjectiveSpec
from ractheory.evidence import claim_error_rate, mean_at_least, mean_at_most
from ractheory.exact import worlds
from ractheory.exact.quadratics import QuadraticSum, fractions
from ractheory.exact.report import exact_report
from ractheory.laws import Importance, Law
from ractheory.theorems import Facts, evaluate, symbols, theorem

SEED = "trust"


@dataclass(frozen=True)
class Probe:
    """A question with a known answer.

    Attributes
    ----------
    name : of the question, unique
    expected : the verdict of a correct suite
    decide : asks, through live objects
    also : further right answers: a statement that holds with equality may be confirmed exactly
    """

    name: str
    expected: str
    decide: Callable[[], str]
    also: tuple[str, ...] = ()

    def is_right(self, verdict: str) -> bool:
        """Whether a correct suite may answer so; any other answer gives an error away."""
        return verdict in (self.expected, *self.also)


def asked(question: Claim, also: tuple[str, ...] = ()) -> Probe:
    """Return the probe that decides a claim, as the main job does."""

    def decide() -> str:
        from ractheory.compare import check_claim

        return str(check_claim(question, SEED).verdict.value)

    return Probe(question.id, question.expected, decide, also)


def catalogued(name: str) -> Probe:
    """Return the probe that decides a claim of the catalogue."""
    return asked(claim(name))


# Claims that hold with equality, or nearly: small enough for thousands of seeds.

ISOTROPIC = ObjectiveSpec("isotropic", {"m": 5, "n": 4})


def tight(
    theorem_id: str, name: str, method: MethodSpec | None = None, objective: ObjectiveSpec = ISOTROPIC,
    expected: str = UNDECIDED, **settings: Any,
) -> Probe:  # fmt: skip
    """Return the probe of a claim of its own."""
    usual: dict[str, Any] = {"steps": 1, "seeds": 16384}
    question = Claim(
        f"{theorem_id}/trust/{name}", theorem_id, objective, method or MethodSpec(), expected,
        **(usual | settings),
    )  # fmt: skip
    return asked(question, (CONFIRMED,) if expected == UNDECIDED else ())


DESCENT = tight(
    "descent", "isotropic", MethodSpec(step=0.5), expected=CONFIRMED, steps=20, seeds=20
)
DESCENT_LONG_STEP = tight(
    "descent", "isotropic-1.5", MethodSpec(step=1.5), expected=CONFIRMED, steps=20, seeds=20
)
DESCENT_DIABETES = tight(
    "descent", "ridge-diabetes", MethodSpec(rank=2), ObjectiveSpec("ridge-diabetes", {"ridge": 0.1}),
    CONFIRMED, steps=20, seeds=10,
)  # fmt: skip
DESCENT_TOP = tight(
    "descent", "two-eigenvalues", MethodSpec("fpft"),
    ObjectiveSpec("spectrum-left", {"m": 2, "n": 2, "spectrum": (1.0, 0.01)}), CONFIRMED,
    steps=20, seeds=1,
)  # fmt: skip
CONVEX_FROM_ZERO = tight(
    "gd-convex", "from-zero", MethodSpec("fpft"),
    ObjectiveSpec("spectrum-left", {"m": 20, "n": 4, "spectrum": (1.0, *[0.1] * 19)}), CONFIRMED,
    statement="simple", start="zero", steps=3, seeds=2048,
)  # fmt: skip
CONVERGED = tight(
    "gd-pl", "converged", MethodSpec("fpft"), ObjectiveSpec("counterexample"), CONFIRMED, steps=20,
    seeds=4096,
)  # fmt: skip
PL_FEW = tight("gd-pl", "isotropic-few", seeds=512)
PL = tight("gd-pl", "isotropic")
PL_HALF = tight("gd-pl", "isotropic-half-step", MethodSpec(step=0.5))
PL_CHAIN = tight("gd-pl", "isotropic-chain", steps=4)
PL_LONG = tight("gd-pl", "isotropic-long", steps=16, seeds=2048)
PL_ALIGNED = tight(
    "gd-pl", "aligned", objective=ObjectiveSpec("spectrum-left", {"m": 4, "n": 1, "spectrum": "flat"}),
    start="zero", seeds=4096,
)  # fmt: skip
PL_WIDE = tight("gd-pl", "wide", objective=ObjectiveSpec("isotropic", {"m": 2, "n": 12}), steps=2)
PL_FULL = tight("gd-pl", "full-rank", MethodSpec(rank=5))
PL_SCALED = tight("gd-pl", "scaled", MethodSpec(options={"scale": 0.5}))
PL_COORDINATES = tight("gd-pl", "coordinates", MethodSpec(law="coordinates", rank=2), steps=2)
PL_RADEMACHER = tight(
    "gd-pl", "rademacher", MethodSpec(law="rademacher", rank=2),
    ObjectiveSpec("isotropic", {"m": 2, "n": 3}),
)  # fmt: skip
PL_HADAMARD = tight(
    "gd-pl", "hadamard", MethodSpec(law="hadamard", rank=2),
    ObjectiveSpec("isotropic", {"m": 4, "n": 3}),
)  # fmt: skip
PL_PAPER = tight("gd-pl", "paper", statement="paper")
NONCONVEX = tight("gd-nonconvex", "isotropic", MethodSpec(step=0.5), steps=3)
NONCONVEX_PAPER = tight(
    "gd-nonconvex", "paper", MethodSpec("fpft"), expected=UNDECIDED, statement="paper"
)
CONVEX = tight(
    "gd-convex", "wide", objective=ObjectiveSpec("isotropic", {"m": 40, "n": 1}), expected=CONFIRMED
)
CONVEX_SIMPLE = tight(
    "gd-convex", "simple", MethodSpec("fpft", 0.5), ObjectiveSpec("isotropic", {"m": 1, "n": 1}),
    CONFIRMED, statement="simple", seeds=2048,
)  # fmt: skip


def drawn_mean(law: Law, d: int, seeds: int = 4096) -> Probe:
    """Return the probe of E[H_ii] = law.mean_ii for every i, by two one-sided tests of each."""

    def decide() -> str:
        from ractheory.engine import transcription
        from ractheory.sketches import projection

        draws = (transcription.factor(law, d, SEED, seed, 0, 0) for seed in range(seeds))
        diagonals = np.array([np.diag(projection(B)) for B in draws])
        share = claim_error_rate() / (2 * d)
        for x, mean in zip(diagonals.T, np.diag(law.mean(d)), strict=True):
            sides = (
                mean_at_most(x, mean, 1.0, share, EPS),
                mean_at_least(x, mean, 1.0, share, EPS),
            )
            if any(verdict.value == REFUTED for verdict, _ in sides):
                return REFUTED
        return UNDECIDED

    return Probe(f"mean of {law}", UNDECIDED, decide)


EPS = 64 * float(np.finfo(np.float64).eps)
"""Round-off of an entry of a projection of order up to 8."""

INCLUSION = drawn_mean(Importance((0.6, 0.2, 0.2)), 3)


# Exact arithmetic.


def exactly(theorem_id: str, spectrum: str, step: str, rank: int = 1, steps: int = 3) -> Probe:
    """Return the probe of a bound at every t <= steps on a quadratic, in rational arithmetic."""

    def decide() -> str:
        answer = exact_report(spectrum, 2, rank, step, steps, arithmetic="rational")
        return CONFIRMED if answer["certified"][theorem_id] else REFUTED

    return Probe(f"{theorem_id}/trust/exact-{spectrum}-step-{step}", CONFIRMED, decide)


# Worlds: expectations of stochastic rows on scalars, by enumeration.

SCALAR = worlds.coordinate_projections(1, 1)


def scalars(*centres: Fraction | int) -> QuadraticSum:
    """Return the sum of (w - b)^2/2 over the centres b: L = mu = 1.

    >>> scalars(1, 3).minimiser()
    array([[Fraction(2, 1)]], dtype=object)
    """
    one = fractions([[1]])
    return QuadraticSum((one,) * len(centres), tuple(fractions([[b]]) for b in centres))


def spread(problem: QuadraticSum) -> Fraction:
    """Return (1/N) sum |grad f_i - grad f|^2 of scalars of one curvature, the same at every w."""
    middle = problem.minimiser()
    parts = [problem.component_gradient(i, middle)[0, 0] for i in range(problem.components)]
    return sum((g * g for g in parts), Fraction(0)) / len(parts)


def in_world(
    theorem_id: str, name: str, problem: QuadraticSum, gamma: Fraction,
    link: Callable[[QuadraticSum], worlds.Link], steps: int = 1, start: Fraction | int = 0,
    **constants: float,
) -> Probe:  # fmt: skip
    """Return the probe of the first statement of a stochastic row, its left side by enumeration.

    The expectation is exact; the bound is evaluated in doubles and granted a part in 1e12.
    """

    def decide() -> str:
        row = theorem(theorem_id).statement()
        facts = Facts({
            "gamma": float(gamma), "T": steps, "L": 1.0, "L_max": 1.0, "mu": 1.0, "lam_min": 1.0,
            "lam_max": 1.0, "A": 0.0, "C": float(spread(problem)), "N": problem.components,
            "zeta": 0.0, **constants,
        })  # fmt: skip
        least = problem.value(problem.minimiser())
        metrics = {"gap": lambda W: problem.value(W) - least, "grad_sq": problem.grad_sq}
        curves = worlds.enumerate_chain(fractions([[start]]), link(problem), metrics, steps)
        is_gap = row.left == symbols.gap(symbols.T)
        left = curves["gap"][-1] if is_gap else sum(curves["grad_sq"][:-1]) / steps  # A = 0
        at_start = {symbols.gap(sp.Integer(0)): float(curves["gap"][0])}
        bound = float(evaluate(row.right, facts, at_start))
        return CONFIRMED if float(left) <= bound * (1 + 1e-12) else REFUTED

    return Probe(f"{theorem_id}/trust/world-{name}", CONFIRMED, decide)


def sampled(gamma: Fraction) -> Callable[[QuadraticSum], worlds.Link]:
    """Return stochastic gradient steps with batches of one component."""
    return lambda problem: worlds.minibatch_links(problem, SCALAR, gamma, 1)


def reshuffled(gamma: Fraction) -> Callable[[QuadraticSum], worlds.Link]:
    """Return epochs in fresh permutations."""
    return lambda problem: worlds.reshuffling_links(problem, SCALAR, gamma)
