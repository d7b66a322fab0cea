"""Fed-RAC-LoRA, and why factors must not be averaged separately."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from ractheory.assumptions import EqualClients, Heterogeneity, SeparateAverages, SharedSketch
from ractheory.theorems.hypotheses import Assumes
from ractheory.theorems.obligations import Obligation
from ractheory.theorems.statement import Form, Statement, Theorem
from ractheory.theorems.stochastic import RR_NONCONVEX, RR_PL
from ractheory.theorems.symbols import C, N, averaging_error, eq, factor_covariance, t, zeta

CLIENTS = {C: C + N * zeta**2}
"""Dissimilarity of the components within a client, plus N times that of the clients."""


def federated(base: Theorem) -> Theorem:
    """Return the reshuffling theorem `base` for a federation with a shared sketch."""
    return replace(
        base,
        id=f"fed-{base.id}",
        title=f"{base.title}; federated, with a shared sketch",
        source="RAC-LoRA, appendix F; constants re-derived",
        hypotheses=(
            *base.hypotheses,
            Assumes(Heterogeneity),
            Assumes(SharedSketch),
            Assumes(EqualClients),
        ),
        statements=tuple(s.subs(CLIENTS) for s in base.statements),
        note="A step t is a round, N the components of one client. At N = 1 the true zeta term is 0.",
    )


a1, a2, a3, b1, b2, b3 = sp.symbols("a1 a2 a3 b1 b2 b3", real=True)


def _bias(b: tuple[sp.Symbol, ...], a: tuple[sp.Symbol, ...]) -> sp.Basic:
    """mean(b a) - mean(b) mean(a) = mean((b - mean b)(a - mean a)), one entry of the products."""
    count = len(a)
    mean_a, mean_b = sum(a) / count, sum(b) / count
    error = sum(x * y for x, y in zip(b, a, strict=True)) / count - mean_b * mean_a
    pairs = zip(b, a, strict=True)
    return eq(error, sum((x - mean_b) * (y - mean_a) for x, y in pairs) / count)


FEDERATED_BIAS = Theorem(
    id="federated-bias",
    title="Averaging the factors is not averaging their product",
    source="Sun et al., ICLR 2024",
    hypotheses=(Assumes(EqualClients),),
    statements=(
        Statement(
            "bias",
            Form.PATHWISE,
            eq(averaging_error(t), factor_covariance(t)),
            needs=(Assumes(SeparateAverages),),
            obligations=(
                Obligation(
                    "two clients",
                    _bias((b1, b2), (a1, a2)),
                    ({a1: sp.S.One, a2: sp.Integer(3), b1: sp.Rational(1, 2), b2: sp.Integer(-2)},),
                ),
                Obligation(
                    "three clients",
                    _bias((b1, b2, b3), (a1, a2, a3)),
                    (
                        dict.fromkeys((a1, b2), sp.Integer(2))
                        | dict.fromkeys((a2, a3, b1, b3), sp.S.One),
                    ),
                ),
            ),
        ),
        Statement(
            "shared sketch",
            Form.PATHWISE,
            eq(averaging_error(t), 0),
            needs=(Assumes(SharedSketch),),
        ),
    ),
    tight="exact",
)

THEOREMS = (federated(RR_NONCONVEX), federated(RR_PL), FEDERATED_BIAS)
