"""One link on a smooth PL function with an isotropic sketch: the best factor from the two ends of a step.

Write g = gamma L, x = mu/L, G = |grad f(W)|^2, delta = f - f*, units L = 1, E[H] = rho I,
h = H grad f(W) = rho grad f(W) + w, W+ = W - g h, grad f(W+) = p + xi with p its mean. Then
E|h|^2 = rho G, E|w|^2 = rho (1 - rho) G, and five facts are known of the ends of a link:

    ends      E delta+ <= delta + (g^2/4 - g/2) rho G - (g/2) (rho <p, grad f> + E<xi, w>)
                          - (1/4) E|grad f(W) - grad f(W+)|^2     smooth interpolation, Taylor et al. 2017
    PL+       2 x E delta+ <= |p|^2 + E|xi|^2
    copies    E|xi|^2 <= g^2 rho (1 - rho) G                      smoothness between independent W+, W+'
    PL        2 x delta <= G
    distance  E|grad f(W) - grad f(W+)|^2 <= g^2 rho G            smoothness between W and W+

In each of four regimes of (g, rho) the slacks of these facts, with nonnegative multipliers, and the squares
(1/4) E|xi + g w|^2 and |p - a grad f|^2 add up to (1 + 2 x beta) (F delta - E delta+): this is the
proof, and `Multipliers.identity` is the identity to check. At rho = 1 the factors are those of gradient
descent on PL functions (Abbaszadehpeivasti, de Klerk, Zamani 2022).
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from ractheory.assumptions import PL, IsotropicLaw
from ractheory.theorems.gradient import CHAIN, MONOTONE, STABLE_STEP
from ractheory.theorems.hypotheses import Assumes, Condition, Hypothesis
from ractheory.theorems.obligations import Obligation
from ractheory.theorems.statement import Form, Statement, Theorem
from ractheory.theorems.symbols import L, T, gamma, gap, mu, rho, t

g, ratio, a = sp.symbols("g kappa_inv a", positive=True)
"""The step gamma L, the ratio x = mu/L, and |p|/|G| in the worst case: free symbols of the certificates."""
x = ratio

DRIFT = 1 - g * rho
SPREAD = g**2 * rho * (1 - rho)
"""Greatest variance of the next gradient, per unit of G."""
FALL = g * rho * (2 - g)
"""1 - E|grad f(W+)|^2/G on the quadratic (L/2)|D|^2."""
LEVEL = 1 + FALL - 2 * SPREAD

SHORT = SPREAD + a**2
BALANCE = (1 + x / 2) * SHORT - 1 + x * LEVEL / 2 - x * DRIFT * a
"""Zero at the worst a of the short regime."""
WORST_RATIO = (x * DRIFT + sp.sqrt(4 * (1 - SPREAD) - 2 * FALL * x * (1 + x))) / (2 + x)
"""The positive root of `BALANCE`."""
SHORT_SLACK = LEVEL + DRIFT * (SPREAD / a - a)
"""Four times the multiplier of PL at W; positive for g <= 1."""

TILT = (sp.sqrt(LEVEL**2 + 4 * DRIFT**2 * SPREAD) - LEVEL) / (2 * SPREAD)
"""DRIFT/a at the a where `SHORT_SLACK` vanishes."""
LONG = 1 / (1 + x * (1 - TILT) / 2)

WIDE_SLACK = g * rho * (3 - 2 * g + 2 * g * rho - g**2 * rho)
WIDE = (1 - x * WIDE_SLACK / 2) / (1 + x * g * rho / 2)

WIDE_LONG = (1 - FALL) / (1 - FALL + x * FALL)

G, U, P, V, C, delta, following = sp.symbols("G U P V C delta delta_next", real=True)
"""|grad f|^2, <p, grad f>, |p|^2, E|xi|^2, E<xi, w>, delta and E delta+."""


@dataclass(frozen=True)
class Multipliers:
    """Weights of the facts ("ends" has 1) and of |p - ratio grad f|^2, and the factor F they prove."""

    factor: sp.Expr
    pl_next: sp.Expr
    copies: sp.Expr
    pl: sp.Expr = sp.S.Zero
    distance: sp.Expr = sp.S.Zero
    square: sp.Expr = sp.S.Zero
    ratio: sp.Expr = sp.S.Zero

    def identity(self) -> sp.Basic:
        """Return (1 + 2 x beta) (F delta - E delta+) = weighted slacks + squares, an identity."""
        spread = SPREAD * G
        apart = G - 2 * U + P + V
        ends = delta - following + (g**2 / 4 - g / 2) * rho * G - g / 2 * (rho * U + C) - apart / 4
        weighted = (
            ends
            + self.pl_next * (P + V - 2 * x * following)
            + self.copies * (spread - V)
            + self.pl * (G - 2 * x * delta)
            + self.distance * (g**2 * rho * G - apart)
            + (V + 2 * g * C + spread) / 4
            + self.square * (P - 2 * self.ratio * U + self.ratio**2 * G)
        )
        claimed = (1 + 2 * x * self.pl_next) * (self.factor * delta - following)
        return sp.Eq(claimed, weighted, evaluate=False)


def _narrow(factor: sp.Expr, tilt: sp.Expr, slack: sp.Expr) -> Multipliers:
    """Return the certificate for g rho < 1, with tilt = DRIFT/a."""
    beta = (1 - tilt) / 4
    return Multipliers(factor, beta, beta, slack / 4, sp.S.Zero, tilt / 4, DRIFT / tilt)


_X_OF_A = sp.solve(BALANCE, x)[0]
"""The x whose worst ratio is a: with a as the parameter the short regime is rational."""
_BETA = FALL / (2 * (1 - FALL))

MULTIPLIERS: dict[str, Multipliers] = {
    "short": _narrow(SHORT, DRIFT / a, SHORT_SLACK),
    "long": _narrow(LONG, TILT, sp.S.Zero),
    "wide": Multipliers(
        WIDE, g * rho / 4, sp.Rational(1, 4), WIDE_SLACK / 4, (g * rho - 1) / 4
    ),
    "wide long": Multipliers(
        WIDE_LONG, _BETA, _BETA / (g * rho), distance=(g * rho - 1) * _BETA / (g * rho),
        square=sp.Rational(1, 4) - _BETA / (g * rho), ratio=DRIFT,
    ),
}  # fmt: skip
"""The certificate of each regime; in "short" the ratio a is free and x solves `BALANCE`."""

_RANDOM = {
    G: sp.Rational(7, 3), U: sp.Rational(-2, 5), P: sp.Integer(2), V: sp.Rational(1, 7),
    C: sp.Rational(3, 8), delta: sp.Integer(5), following: sp.Rational(1, 9),
}  # fmt: skip
_STEPS = {
    "short": {g: sp.Integer(1), rho: sp.Rational(1, 2), a: sp.Rational(5, 6)},
    "long": {g: sp.Rational(19, 10), rho: sp.Rational(1, 2), x: sp.Rational(1, 10)},
    "wide": {g: sp.Rational(3, 2), rho: sp.Integer(1), x: sp.Rational(1, 10)},
    "wide long": {g: sp.Rational(19, 10), rho: sp.Rational(9, 10), x: sp.Rational(1, 10)},
}


def _certificate(regime: str) -> Obligation:
    identity = MULTIPLIERS[regime].identity()
    if regime == "short":
        identity = sp.Eq(*(side.subs(x, _X_OF_A) for side in identity.args), evaluate=False)
    return Obligation(f"{regime}: the certificate", identity, ({**_RANDOM, **_STEPS[regime]},))


_SOME = {g: sp.Rational(3, 4), rho: sp.Rational(1, 3), x: sp.Rational(1, 5)}
_SHORT_OBLIGATIONS = (
    _certificate("short"),
    Obligation(
        "the worst ratio balances the certificate",
        sp.Eq(BALANCE.subs(a, WORST_RATIO), 0, evaluate=False),
        (_SOME,),
    ),
    Obligation(
        "the worst ratio is at least 1 - g rho, so that beta >= 0",
        sp.Eq(BALANCE.subs(a, DRIFT), -FALL * (1 - x), evaluate=False),
        (_SOME,),
    ),
    Obligation(
        "the worst ratio is at most 1",
        sp.Eq(
            BALANCE.subs(a, 1),
            SPREAD + x * g * rho * (2 * (2 - g) + g * rho) / 2,
            evaluate=False,
        ),
        (_SOME,),
    ),
    Obligation(
        "at ratio 1 the multiplier of PL at W is positive for g <= 1",
        sp.Eq(
            SHORT_SLACK.subs(a, 1),
            g * rho * (3 - g - g * (1 - rho) * (1 + g * rho)),
            evaluate=False,
        ),
        (_SOME,),
    ),
)


def _in_constants(expression: sp.Basic) -> sp.Basic:
    """Return an expression of g, x and a in the constants of the theory."""
    return expression.subs(a, WORST_RATIO).subs({g: gamma * L, x: mu / L}, simultaneous=True)


def _regime(
    name: str, factor: sp.Expr, needs: tuple[Hypothesis, ...], obligations: tuple[Obligation, ...]
) -> Statement:
    return Statement(
        name, Form.EXPECTATION, sp.Le(gap(T), _in_constants(factor) ** T * gap(0)), needs,
        ceiling=gap(0), ceiling_needs=(MONOTONE,), obligations=obligations,
    )  # fmt: skip


NARROW = Condition("a step at most 1/(rho L)", gamma * L * rho <= 1)
APART = Condition("not both mu = L and a step 1/(rho L)", gamma * L * rho + mu / L < 2)
"""The worst ratio is then positive. At the point left out the row "wide" holds."""
WIDE_ENOUGH = Condition("a step at least 1/(rho L)", gamma * L * rho >= 1)
USED = Condition("PL at the start of a link is used", _in_constants(SHORT_SLACK) >= 0)
WIDE_USED = Condition("PL at the start is used, wide step", _in_constants(WIDE_SLACK) >= 0)
WIDE_UNUSED = Condition("PL at the start is not used, wide step", _in_constants(WIDE_SLACK) <= 0)
PROPER_SKETCH = Condition("a proper subspace", rho < 1)

GD_PL_ISOTROPIC = Theorem(
    id="gd-pl-isotropic",
    title="PL functions, isotropic sketch: one link gains more than Theorem 5.5 says",
    source="new; at rho = 1 Abbaszadehpeivasti, de Klerk and Zamani (2022)",
    hypotheses=(*CHAIN, Assumes(IsotropicLaw), Assumes(PL), STABLE_STEP),
    statements=(
        _regime("sharp", SHORT, (NARROW, APART, USED), _SHORT_OBLIGATIONS),
        Statement(
            "one step", Form.CONDITIONAL, sp.Le(gap(t + 1), _in_constants(SHORT) * gap(t)),
            needs=(NARROW, APART, USED),
        ),
        _regime("long", LONG, (NARROW, PROPER_SKETCH), (_certificate("long"),)),
        _regime("wide", WIDE, (WIDE_ENOUGH, WIDE_USED), (_certificate("wide"),)),
        _regime("wide long", WIDE_LONG, (WIDE_ENOUGH, WIDE_UNUSED), (_certificate("wide long"),)),
    ),
    tight="mu = L; otherwise the exact value of the performance estimation problem on W and W+ alone",
    note="The sharp form holds for every gamma <= 1/L. PL at further points, such as the middle of a "
    "step, lowers the worst case below all of these factors.",
)  # fmt: skip

THEOREMS = (GD_PL_ISOTROPIC,)
