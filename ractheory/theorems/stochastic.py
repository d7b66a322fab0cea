"""RAC-LoRA with stochastic gradients and with random reshuffling."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from ractheory.assumptions import (
    PL,
    BoundedDissimilarity,
    ExpectedSmoothness,
    FreshPermutation,
    ProjectedEstimate,
    UnbiasedGradient,
)
from ractheory.theorems.gradient import SKETCHED, SMOOTH
from ractheory.theorems.hypotheses import Assumes, Condition, Hypothesis
from ractheory.theorems.statement import Form, Statement, Theorem
from ractheory.theorems.symbols import (
    A,
    B,
    C,
    L,
    L_max,
    N,
    T,
    eq,
    gamma,
    gap,
    ge,
    grad_sq,
    lam_max,
    lam_min,
    le,
    lt,
    mu,
    t,
    weighted_grad_sq,
)


@dataclass(frozen=True)
class Drift:
    """E[gap(t+1) | W_t] <= (1 + growth) gap(t) - decrease |G_t|^2 + noise, and what follows from it."""

    growth: sp.Expr
    decrease: sp.Expr
    noise: sp.Expr

    def one_step(self) -> Statement:
        """The inequality itself."""
        right = (1 + self.growth) * gap(t) - self.decrease * grad_sq(t) + self.noise
        return Statement("one step", Form.CONDITIONAL, le(gap(t + 1), right))

    def weighted(self) -> Statement:
        """Telescoped with weights (1 + growth)^-(t+1), whose sum is at least T (1 + growth)^-T."""
        right = ((1 + self.growth) ** T * gap(0) / T + self.noise) / self.decrease
        left = weighted_grad_sq(T, self.growth)
        return Statement("weighted", Form.EXPECTATION, le(left, sp.expand(right)))

    @property
    def factor(self) -> sp.Expr:
        """Contraction of the gap under PL."""
        return 1 + self.growth - 2 * mu * self.decrease

    def linear(self) -> Statement:
        """Under PL: the geometric sum, without rounding it up to its limit."""
        q = self.factor
        right = q**T * gap(0) + self.noise * (1 - q**T) / (1 - q)
        contracts = Condition("a contraction", sp.And(ge(q, 0), lt(q, 1)))
        return Statement("sharp", Form.EXPECTATION, le(gap(T), right), needs=(contracts,))

    def settled(self, factor: sp.Expr, needs: tuple[Hypothesis, ...] = ()) -> Statement:
        """Under PL, with a simpler `factor` that is no smaller: contraction plus floor."""
        floor = sp.cancel(self.noise / (1 - factor))
        relation = le(gap(T), factor**T * gap(0) + floor)
        return Statement("paper", Form.EXPECTATION, relation, needs=needs)


SGD = Drift(
    growth=L * gamma**2 * lam_max * A,
    decrease=gamma * lam_min / 2,
    noise=L * gamma**2 * lam_max * C / 2,
)
"""Smoothness, E|H g|^2 <= lam_max E|g|^2, and half of gamma lam_min |G|^2 spent on the B term."""

SGD_CHAIN: tuple[Hypothesis, ...] = (
    *SMOOTH,
    Assumes(ProjectedEstimate),
    Assumes(ExpectedSmoothness),
    Assumes(UnbiasedGradient),
    Condition("step against B", gamma * L * B * lam_max <= lam_min),
)

SGD_NONCONVEX = Theorem(
    id="sgd-nonconvex",
    title="Stochastic gradients: the weighted mean squared gradient reaches the noise floor",
    source="RAC-LoRA, SGD section; Khaled and Richtarik, 2020",
    hypotheses=SGD_CHAIN,
    statements=(SGD.weighted(), SGD.one_step()),
    note="Weights (1 + a)^-(t+1), a = L gamma^2 lam_max A; so the bound holds for the minimum too. "
    "It grows without limit in T when A > 0 and gamma is fixed.",
)

SGD_PL = Theorem(
    id="sgd-pl",
    title="Stochastic gradients under PL: linear convergence to a noise floor",
    source="RAC-LoRA, SGD section; Bernoulli-LoRA",
    hypotheses=(
        *SGD_CHAIN,
        Assumes(PL),
        Condition("step against A", 2 * gamma * A * L * lam_max <= mu * lam_min),
    ),
    statements=(SGD.linear(), SGD.settled(1 - gamma * mu * lam_min / 2), SGD.one_step()),
)

RR = Drift(
    growth=gamma**3 * L_max**2 * N**2 * lam_max * A,
    decrease=sp.Rational(3, 8) * gamma * N * lam_min,
    noise=gamma**3 * L_max**2 * N**2 * lam_max * C / 2,
)
"""One epoch: within it W moves in range(H) only, by at most what the displacement lemma allows."""

RR_CHAIN: tuple[Hypothesis, ...] = (
    *SKETCHED,
    Assumes(ProjectedEstimate),
    Assumes(BoundedDissimilarity),
    Assumes(FreshPermutation),
    Condition("step at most 1/(2 L N)", 2 * gamma * L_max * N <= 1),
)

RR_NONCONVEX = Theorem(
    id="rr-nonconvex",
    title="Random reshuffling with one sketch per epoch",
    source="RAC-LoRA, appendix; Mishchenko, Khaled and Richtarik, 2020; constants re-derived",
    hypotheses=RR_CHAIN,
    statements=(RR.weighted(), RR.one_step()),
    note="A step t is an epoch. L is the largest smoothness constant of a component.",
)

RR_PL = Theorem(
    id="rr-pl",
    title="Random reshuffling under PL",
    source="RAC-LoRA, appendix; Mishchenko, Khaled and Richtarik, 2020; constants re-derived",
    hypotheses=(*RR_CHAIN, Assumes(PL)),
    statements=(
        RR.linear(),
        RR.settled(RR.factor.subs(A, 0), (Condition("bounded noise", eq(A, 0)),)),
        RR.one_step(),
    ),
    note="A fixed order instead of a fresh permutation refutes it, by 3N/64 on centred quadratics.",
)

THEOREMS = (SGD_NONCONVEX, SGD_PL, RR_NONCONVEX, RR_PL)
