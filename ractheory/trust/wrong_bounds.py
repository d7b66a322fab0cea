"""Planted errors in theorems: constants made too good, hypotheses left out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from fractions import Fraction

import sympy as sp

from ractheory.claims.claim import NOT_APPLICABLE, MethodSpec, ObjectiveSpec
from ractheory.theorems import THEOREMS, Statement, symbols
from ractheory.trust import probes
from ractheory.trust.planted import Planted, swapped
from ractheory.trust.probes import (
    Probe,
    catalogued,
    exactly,
    in_world,
    reshuffled,
    sampled,
    scalars,
    tight,
)

Change = Callable[[sp.Expr], sp.Expr]


def better(**factors: float) -> Change:
    """Return the change that multiplies constants of an expression, by the decimals as they are written.

    >>> better(mu=2.0)(symbols.mu + 1)
    2*mu + 1
    """
    table = {
        getattr(symbols, name): sp.Rational(str(factor)) * getattr(symbols, name)
        for name, factor in factors.items()
    }
    return lambda right: right.subs(table, simultaneous=True)


def times(factor: float) -> Change:
    """Return the change that multiplies the whole bound, by the decimal that the factor is written as."""
    return lambda right: sp.Rational(str(factor)) * right


def changed(theorem_id: str, change: Change) -> AbstractContextManager[None]:
    """Put `change` into the right side of every statement of a theorem."""
    th = THEOREMS[theorem_id]
    statements = tuple(_restated(s, change) for s in th.statements)
    return swapped(THEOREMS, theorem_id, replace(th, statements=statements))


def _restated(statement: Statement, change: Change) -> Statement:
    relation = statement.relation
    return replace(
        statement, relation=relation.func(relation.args[0], change(statement.right), evaluate=False)
    )


def misproved(theorem_id: str, factor: float) -> AbstractContextManager[None]:
    """Multiply the right sides of all that the statements of a theorem have to be checked for."""
    th = THEOREMS[theorem_id]
    statements = tuple(
        replace(s, obligations=tuple(o.scaled(factor) for o in s.obligations))
        for s in th.statements
    )
    return swapped(THEOREMS, theorem_id, replace(th, statements=statements))


def without(theorem_id: str, *names: str) -> AbstractContextManager[None]:
    """Leave hypotheses of these names out of a theorem and its statements."""
    th = THEOREMS[theorem_id]
    return swapped(THEOREMS, theorem_id, replace(
        th,
        hypotheses=tuple(h for h in th.hypotheses if h.name not in names),
        statements=tuple(
            replace(s, needs=tuple(h for h in s.needs if h.name not in names)) for s in th.statements
        ),
    ))  # fmt: skip


SGD_PL = in_world(
    "sgd-pl", "at-its-floor", scalars(0, 1, -1), Fraction(1), sampled(Fraction(1)), steps=2
)
SGD_NONCONVEX = in_world(
    "sgd-nonconvex", "at-its-floor", scalars(0, 1, -1), Fraction(1), sampled(Fraction(1)), steps=40
)
RR_EPOCH = in_world(
    "rr-pl", "one-epoch", scalars(1, -1), Fraction(1, 4), reshuffled(Fraction(1, 4))
)
EXACT_PL = exactly("gd-pl", "1,1", "1/2")
EXACT_EFFECTIVE = exactly("effective-dimension", "1,1,1", "1/2")
EXACT_QUADRATIC = exactly("exact-quadratic", "1,1,1", "1/2")
EXACT_STEP = exactly("gd-pl-isotropic", "1,1", "1/2")
RANK_FLOOR = catalogued("rank-floor/spectrum-left/r1")
SUBSPACE_FLOOR = catalogued("subspace-floor/spectrum-left/r2")
BEST_RANK_ONE = catalogued("counterexample/lora-floor")
GD_RATE = catalogued("counterexample/gd-rate")

IMPROVED: tuple[tuple[str, str, Change, Probe], ...] = (
    ("descent", "gamma 5 % too large", better(gamma=1.05), probes.DESCENT),
    ("descent", "L 5 % too small", better(L=0.95), probes.DESCENT),
    ("descent", "L left out", better(L=0.0), probes.DESCENT),
    ("descent", "|H G|^2 5 % too large",
     lambda right: right.subs(symbols.projected_sq(symbols.t), 1.05 * symbols.projected_sq(symbols.t)),
     probes.DESCENT_LONG_STEP),
    ("gd-pl", "lam_min 5 % too large", better(lam_min=1.05), probes.PL),
    ("gd-pl", "mu 5 % too large", better(mu=1.05), probes.PL),
    ("gd-pl", "L 5 % too small", better(L=0.95), EXACT_PL),
    ("gd-pl", "one link more than there is", better(T=2.0), probes.PL),
    ("gd-pl", "bound 5 % too small", times(0.95), probes.PL),
    ("gd-pl", "bound a hundredth of a percent too small", times(0.9999), EXACT_PL),
    ("gd-pl", "as printed, mu 5 % too large", better(mu=1.05), probes.PL_PAPER),
    ("gd-nonconvex", "lam_min 5 % too large", better(lam_min=1.05), probes.NONCONVEX),
    ("gd-nonconvex", "bound 5 % too small", times(0.95), probes.NONCONVEX),
    ("gd-nonconvex", "as printed, 2 replaced by 1.9", times(0.95), probes.NONCONVEX_PAPER),
    ("gd-convex", "bound 2.2 times too small", times(0.45), probes.CONVEX),
    ("gd-pl-isotropic", "bound 5 % too small", times(0.95), EXACT_STEP),
    ("effective-dimension", "tr K 5 % too small", better(trace_K=0.95), EXACT_EFFECTIVE),
    ("effective-dimension", "L 5 % too small", better(L=0.95), EXACT_EFFECTIVE),
    ("effective-dimension", "mu 5 % too large", better(mu=1.05), EXACT_EFFECTIVE),
    ("effective-dimension", "rank one too high",
     lambda right: right.subs(symbols.r, symbols.r + 1), EXACT_EFFECTIVE),
    ("exact-quadratic", "tr K 5 % too small", better(trace_K=0.95), EXACT_QUADRATIC),
    ("exact-quadratic", "bound 5 % too small", times(0.95), EXACT_QUADRATIC),
    ("sgd-pl", "C 5 % too small", better(C=0.95), SGD_PL),
    ("sgd-pl", "lam_max 5 % too small", better(lam_max=0.95), SGD_PL),
    ("sgd-pl", "mu 5 % too large", better(mu=1.05), SGD_PL),
    ("sgd-nonconvex", "C 5 % too small", better(C=0.95), SGD_NONCONVEX),
    ("sgd-nonconvex", "lam_min 5 % too large", better(lam_min=1.05), SGD_NONCONVEX),
    ("rank-floor", "floor 5 % too high", times(1.05), RANK_FLOOR),
    ("subspace-floor", "floor 5 % too high", times(1.05), SUBSPACE_FLOOR),
    ("counterexample", "13/45 5 % too high", times(1.05), BEST_RANK_ONE),
    ("counterexample", "log-rate of gradient descent 2.2 times too large", better(t=2.2), GD_RATE),
    ("bernoulli-gd-nonconvex", "bound 5 % too small", times(0.95),
     catalogued("bernoulli-gd-nonconvex/exact/isotropic/coordinates-r1")),
    ("bernoulli-gd-pl", "bound 5 % too small", times(0.95),
     catalogued("bernoulli-gd-pl/exact/isotropic/coordinates-r1")),
    ("bernoulli-sgd-nonconvex", "floor 5 % too small", times(0.95),
     catalogued("tightness/bernoulli-sgd-nonconvex/sums-of-two")),
    ("bernoulli-sgd-pl", "floor 5 % too small", times(0.95),
     catalogued("tightness/bernoulli-sgd-pl/sums-of-two")),
    ("subgradient", "bound 5 % too small", times(0.95), catalogued("tightness/subgradient/plane")),
    ("polyak", "bound 5 % too small", times(0.95), catalogued("tightness/polyak/line-one-step")),
    ("exact-links", "bound 5 % too small", times(0.95), catalogued("tightness/exact-links/isotropic")),
    ("link-lower-bound", "bound 5 % too high", times(1.05),
     catalogued("link-lower-bound/isotropic/exact-r2-attained")),
    ("plain-gradient", "bound 5 % too small", times(0.95),
     catalogued("plain-gradient/isotropic/r2-tight")),
    ("inner-solver", "bound 5 % too small", times(0.95), catalogued("tightness/inner-solver/isotropic")),
    ("time-uniform", "mean of a link 5 % too small", times(0.95),
     catalogued("time-uniform/spectrum-left/supermartingale")),
    ("time-uniform", "law of a link 5 % too small", times(0.95),
     catalogued("time-uniform/vector/beta-law-r1")),
    ("accelerated", "bound 20 % too small", times(0.8), catalogued("tightness/accelerated/huber")),
    ("sign-floor", "floor 5 % too high", times(1.05), catalogued("tightness/sign-floor/one-link")),
    ("accumulated-rank", "rank 5 % too small", times(0.95),
     catalogued("accumulated-rank/spectrum-left/haar-r1")),
    ("merge-precision", "swallowed below twice the step of the format", better(roundoff=2.0),
     catalogued("merge-precision/isotropic/bfloat16-swallowed")),
    ("sharpness", "formula 5 % too large", times(1.05), catalogued("sharpness/isotropic/formula-r1")),
    ("cola-mean-square", "mean 5 % too large", times(1.05),
     catalogued("cola-mean-square/isotropic/stable-r1")),
    ("cola-almost-sure", "rate 5 % too large", times(1.05),
     catalogued("cola-almost-sure/row-2/closed-form")),
    ("cola-every-step", "link 5 % too large", times(1.05), catalogued("cola-every-step/scalar/link")),
    ("lora-adaptive", "decrease 2 times too large", times(2), catalogued("tightness/lora-adaptive/scalars")),
    ("best-rate", "rates 5 % too high", times(1.05), catalogued("best-rate/power-0")),
    ("federated-bias", "covariance 5 % too large", times(1.05),
     catalogued("federated-bias/least-squares/covariance")),
)  # fmt: skip
"""(theorem, what is wrong, how, the probe that must see it)."""


def _outside(
    theorem_id: str, name: str, method: MethodSpec, f: ObjectiveSpec, **settings: object
) -> Probe:
    """Return the probe of a run that misses exactly the hypotheses in question."""
    return tight(theorem_id, name, method, f, NOT_APPLICABLE, **settings)


SQUARE = ObjectiveSpec("spectrum-left", {"m": 4, "n": 4})
FLAT = ObjectiveSpec("least-squares-under")
CUBE = ObjectiveSpec("counterexample")

LEFT_OUT: tuple[tuple[str, tuple[str, ...], Probe], ...] = (
    ("descent", ("step below 2/L",), catalogued("descent/step-above-2-over-L/plain")),
    ("descent", ("ProjectedStep",), catalogued("descent/pseudo-inverse-forgotten/plain")),
    ("gd-pl", ("step below 2/L",), catalogued("gd-pl/step-above-2-over-L/plain")),
    ("gd-pl", ("ProjectedStep",), catalogued("gd-pl/pseudo-inverse-forgotten/plain")),
    ("gd-pl", ("FreshSketch", "PositiveExpectedProjection", "positive lam_min"),
     catalogued("gd-pl/frozen-sketch/plain")),
    ("gd-pl", ("step at most 1/L",),
     _outside("gd-pl", "paper-long-step", MethodSpec(step=1.9), probes.ISOTROPIC, statement="paper")),
    ("gd-convex", ("step at most 1/L",), _outside("gd-convex", "long-step", MethodSpec(step=1.5), FLAT)),
    ("gd-convex", ("Convex",), _outside("gd-convex", "sine", MethodSpec(), ObjectiveSpec("sine"))),
    ("rank-floor", ("RankConstrained",),
     _outside("rank-floor", "chain", MethodSpec(), SQUARE, steps=200, seeds=20)),
    ("counterexample", ("start at zero",),
     _outside("counterexample", "far", MethodSpec("lora", 0.1), CUBE, statement="floor",
              start="far:0.01", seeds=20)),
    ("counterexample", ("rank one",),
     _outside("counterexample", "rank-2", MethodSpec("lora", 0.1, rank=2), CUBE, statement="floor",
              start="zero", steps=1000, seeds=20)),
)  # fmt: skip
"""(theorem, hypotheses left out, the probe that fails exactly these)."""

LOOSE: tuple[tuple[str, str, Change, Probe, str], ...] = (
    ("rr-pl", "noise 2 times too small", better(C=0.5), RR_EPOCH,
     "the largest floor over bound that is known is 0.034, and 1/16 in one epoch"),
    ("rr-nonconvex", "bound 2 times too small", times(0.5),
     catalogued("tightness/rr-nonconvex/sums-of-two"),
     "the largest value over bound that is known is 0.37, in one epoch"),
    ("fed-rr-pl", "noise 2 times too small", better(C=0.5), catalogued("tightness/fed-rr-pl/one-client"),
     "the largest floor over bound that is known is 0.034, of one client"),
    ("fed-rr-nonconvex", "bound 2 times too small", times(0.5),
     catalogued("tightness/fed-rr-nonconvex/one-client"),
     "the largest value over bound that is known is 0.37, of one client in one round"),
    ("gd-convex", "bound 5 % too small", times(0.95), probes.CONVEX,
     "the largest value over bound that is known is 0.493: 5 percent lie within the gap"),
)  # fmt: skip
"""(theorem, what is wrong, how, a probe, and why nothing tells it: it lies within the tightness gap)."""

NOT_TOLD = (
    Planted(
        "bounds/gd-pl/no-lower-bound", "gd-pl: without LowerBounded",
        lambda: without("gd-pl", "LowerBounded"), (probes.PL_FEW,),
        "PL names f*, so it implies that f is bounded below",
    ),
    Planted(
        "bounds/gd-pl/fresh-sketch-alone", "gd-pl: without FreshSketch alone",
        lambda: without("gd-pl", "FreshSketch"), (catalogued("gd-pl/frozen-sketch/plain"),),
        "a frozen sketch has lam_min = 0 too, and no method of the family redraws a dependent one",
    ),
)  # fmt: skip
"""Errors that no run contradicts: what they say is still true."""


def _slug(words: str) -> str:
    return "-".join("".join(c if c.isalnum() or c in "./" else " " for c in words).split())


def wrong_bounds() -> tuple[Planted, ...]:
    """Return the planted errors in theorems."""

    def improved(
        theorem_id: str, what: str, change: Change, probe: Probe, reason: str = ""
    ) -> Planted:
        name, says = f"bounds/{theorem_id}/{_slug(what)}", f"{theorem_id}: {what}"
        return Planted(name, says, lambda: changed(theorem_id, change), (probe,), reason)

    def left_out(theorem_id: str, names: tuple[str, ...], probe: Probe) -> Planted:
        what = f"without {' and '.join(names)}"
        name = f"bounds/{theorem_id}/{_slug(what)}"
        return Planted(name, f"{theorem_id}: {what}", lambda: without(theorem_id, *names), (probe,))

    pair = Planted(
        "bounds/smoothness-loss/quotient-5-too-large", "smoothness-loss: quotient 5 % too large",
        lambda: misproved("smoothness-loss", 1.05), (catalogued("smoothness-loss/pair"),),
    )  # fmt: skip
    return (
        pair,
        *(improved(*row) for row in IMPROVED),
        *(improved(*row) for row in LOOSE),
        *(left_out(*row) for row in LEFT_OUT),
        *NOT_TOLD,
    )
