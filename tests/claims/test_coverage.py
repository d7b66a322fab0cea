"""The catalogue over the registry: what every theorem has, and that every hypothesis rejects something."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pytest

from ractheory.claims import CLAIMS
from ractheory.claims.claim import CONFIRMED, NOT_APPLICABLE, REFUTED, TIGHTNESS, Claim
from ractheory.claims.claim import MethodSpec as M
from ractheory.claims.claim import ObjectiveSpec as F
from ractheory.compare.build import build_method, build_objective, experiment, start_point
from ractheory.compare.facts import facts_of
from ractheory.objectives.base import Constants, Objective
from ractheory.theorems import THEOREMS, Facts
from ractheory.theorems.hypotheses import Hypothesis

NO_REAL_DATA = {
    "counterexample": "a statement about one given function",
    "smoothness-loss": "a fact of algebra about two points",
    "cola-every-step": "a scalar quadratic: data would enter through L and w* alone, which the units remove",
}
"""Rows whose hypotheses no data can meet, or in whose statement data have no place."""


def of(row: str) -> list[Claim]:
    return [c for c in CLAIMS if c.theorem == row and c.evidence != TIGHTNESS]


def confirms(c: Claim) -> bool:
    sound = c.declared is None and c.bound_factor == 1.0
    return sound and c.expected == CONFIRMED


@pytest.mark.parametrize("row", THEOREMS)
def test_every_theorem_has_a_claim_that_confirms_it(row: str) -> None:
    assert any(confirms(c) for c in of(row))


@pytest.mark.parametrize("row", THEOREMS)
def test_every_theorem_has_a_negative_control(row: str) -> None:
    controls = [c for c in of(row) if c.expected in (REFUTED, NOT_APPLICABLE)]
    assert any(c.expected == REFUTED for c in controls)


@pytest.mark.parametrize("row", THEOREMS)
def test_every_theorem_has_a_claim_on_real_data_or_a_reason(row: str) -> None:
    real = any(confirms(c) and c.real_data for c in of(row))
    assert real != (row in NO_REAL_DATA)


# Hypotheses.

FEDERATION = F("federated-labels")
SQUARE = F("isotropic", {"m": 5, "n": 4})
SCALAR = F("isotropic", {"m": 1, "n": 1})

ODD: list[tuple[F, M, str]] = [
    (SQUARE, M(), "normal:1"),
    (SQUARE, M(step=2.5), "normal:1"),
    (SQUARE, M(rank=5), "normal:1"),
    (SQUARE, M(rank=5, step=1.5), "normal:1"),
    (SQUARE, M("asymlora", 0.1, rank=2), "zero"),
    (SQUARE, M("lora", 0.1), "offset:0"),
    (SQUARE, M("cola", 0.1, options={"inner_steps": 3}), "normal:1"),
    (SCALAR, M(), "normal:1"),
    (
        F("isotropic", {"L": 0.01}),
        M("lora-adaptive", 1.0, "absolute", options={"scale": 3.0}),
        "zero",
    ),
    (SCALAR, M("cola", 0.1, options={"inner_steps": 2, "scale": 2.0}), "normal:1"),
    (F("spectrum-left", {"m": 4, "n": 2, "spectrum": [1.0, 1.0, 0.0, 0.0]}), M(rank=3), "normal:1"),
    (F("logistic-synthetic", {"ridge": 0.0}), M(), "normal:1"),
    (F("two-layer"), M(), "normal:1"),
    (F("l1-regression"), M("rac-subgradient", 0.1, "absolute"), "normal:1"),
    (F("logistic-synthetic"), M("rac-lora-mvr", 2.0), "normal:1"),
    (F("logistic-synthetic"), M("rac-lora-sgd", 20.0), "normal:1"),
    (F("logistic-synthetic"), M("rac-lora-rr", 50.0, "1/(L N)"), "normal:1"),
    (FEDERATION, M("fed-rac-lora", 50.0, "1/(L N)"), "normal:1"),
    (F("ridge-synthetic"), M("rac-lora-rr", 50.0, "1/(L N)"), "normal:1"),
    (F("federated-least-squares"), M("fed-rac-lora", 50.0, "1/(L N)"), "normal:1"),
    (F("ridge-synthetic"), M("rac-lora-sgd", 3.0), "normal:1"),
    (F("ridge-synthetic"), M("rac-lora-sgd", 3.0, side="bernoulli"), "normal:1"),
    (SQUARE, M("rac-lora-sgd", 3.0, side="bernoulli"), "normal:1"),
]
"""Objectives, methods and starts of all kinds; between them they lack everything once."""


class Slope(Objective):
    """f(W) = <C, W>: convex, smooth for every L, and bounded below by nothing."""

    name = "slope"
    shapes = ((3, 2),)
    constants = Constants(fstar=-np.inf, L=1.0, convex=True, fstar_is_exact=False)

    def flat_value(self, w: np.ndarray) -> float:
        return float(np.arange(1.0, 7.0) @ w)

    def flat_gradient(self, w: np.ndarray) -> np.ndarray:
        return np.arange(1.0, 7.0)


DIRECT: dict[str, dict[str, float]] = {
    "a probability": {"p_left": 1.5},
    "an error level": {"alpha": 1.0},
    "positive rho": {"rho": 0.0},
    "a step of the printed rule": {"eta": 10.0, "V0_sq": 1.0, "L": 1.0, "x": 1.0},
    "positive lam_min": {"lam_min_left": 0.0, "lam_min_right": 0.0, "p_left": 0.5},
}
"""Constants that no method is built with (a redrawn law has rho > 0, and probabilities are checked when given),
or that only algebra speaks of."""


@lru_cache(maxsize=1)
def odd_facts() -> tuple[Facts, ...]:
    """The facts of all of these; round-off that the constants of a wrong step overflow into is no matter."""
    found = []
    for f_spec, spec, start in ODD:
        f = build_objective(f_spec)
        method = build_method(spec, f)
        found.append(facts_of(f, method, start_point(start, f_spec, "test-coverage"), 5))
    slope = Slope()
    found.append(facts_of(slope, build_method(M(), slope), np.zeros(slope.dim), 5))
    return *found, *(found[0].including(**values) for values in DIRECT.values())


def hypotheses() -> Iterator[tuple[str, Hypothesis]]:
    """Every hypothesis of every theorem, of its statements, and of their ceilings, once a theorem."""
    for row, th in THEOREMS.items():
        needs = [h for st in th.statements for h in (*st.needs, *st.ceiling_needs)]
        all_of = {(h.name, h.statement): h for h in (*th.hypotheses, *needs)}
        yield from ((row, h) for h in all_of.values())


def rejects(h: Hypothesis, facts: Facts) -> bool:
    """Whether the hypothesis fails for what it says, and not for a constant that is not known."""
    checked = h.check(facts)
    return not checked.holds and not checked.reason.startswith("unknown here")


CASES = [pytest.param(h, id=f"{row}-{h.name}-{h.statement}") for row, h in hypotheses()]


@pytest.mark.parametrize("h", CASES)
def test_every_hypothesis_rejects_something(h: Hypothesis) -> None:
    found = [f for f in odd_facts() if rejects(h, f)]
    assert found
    assert all(h.check(f).reason for f in found)


def test_every_plain_control_names_what_fails() -> None:
    """A control asked plainly is not applicable, and says by which hypothesis; together they name many."""
    named: set[str] = set()
    plain = [c for c in CLAIMS if c.id.endswith("/plain") and c.objective.name in CHEAP]
    for c in plain:
        ran = experiment(c, "test-coverage")
        facts = facts_of(ran.objective, ran.method, ran.start, c.T)
        th = THEOREMS[c.theorem]
        failed = [h for h in th.check(facts, th.statement(c.statement)) if not h.holds]
        assert failed, c.id
        named |= {h.name for h in failed}
    assert named >= {"FreshSketch", "ProjectedStep", "CertifiedLinks", "RankConstrained", "IsotropicLaw",
                     "AcceleratedLinks", "SignLinks", "RoundedMerges", "AdaptiveStep", "FrozenFactor"}  # fmt: skip


CHEAP = ("isotropic", "spectrum-left", "spectrum-right", "counterexample", "l1-regression")
