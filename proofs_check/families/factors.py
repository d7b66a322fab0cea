"""The factored objective: `sharpness` of its best points, and `lora-adaptive`.

Sharpness: the Hessian form splits into the part along the spaces of A and B, at most
s^2 (sigma_A^2 + sigma_B^2) by Young, and the part across them, whose 2 x 2 block
[[s^2 sigma_B^2, s sigma], [s sigma, s^2 sigma_A^2]] has no larger eigenvalue as sigma <= s sigma_A sigma_B
(the Schur step).

Adaptive steps: with x = eta s |G| and y = eta L s^2 |V|^2, x + y = 1, phi falls by
eta |grad phi|^2 (1 - x/2 - (y/2)(1 + x/2)^2), at least 0.358 of eta |grad phi|^2.
"""

from __future__ import annotations

import sympy as sp

from proofs_check.conclusions import finish
from proofs_check.drifts import enclosed_sign
from proofs_check.factors import (
    AdaptiveStep,
    adaptive_step,
    hessian,
    largest_eigenvalue,
    least_gradient,
    nonnegative_gap,
    nonnegative_least,
    quantity_at,
    rest,
    sA,
    sB,
    slope_bound,
)
from proofs_check.kernel import Fact, Session, le
from proofs_check.proof import Proof, dropped, scaled, substituted, weakened
from proofs_check.recursion import Certificate, Previous, induction, instance
from ractheory.theorems.failures import (
    ADAPTIVE_DECREASE,
    PRINTED_RANGE,
    PRINTED_STEP,
    decrease_share,
)
from ractheory.theorems.symbols import (
    L,
    T,
    V0_sq,
    eta,
    gap,
    min_factor_grad_sq,
    sigma_1,
    step_sum,
    t,
)
from ractheory.theorems.symbols import s as scale
from ractheory.theorems.symbols import x as slope

half, one = sp.Rational(1, 2), sp.Integer(1)


def sharpness(s: Session) -> None:
    """The upper bound of the form, its attainment, and the mean of two squares."""
    h = hessian(s)
    (p, q, _, _), (_, _, a2, b2), f = h.parts, h.norms, h.facts
    c, both = L * scale**2, sA**2 + sB**2
    gap_R = s.prove(
        "sigma <= s sigma_A sigma_B", le(rest, scale * sA * sB), [(1, f["top"]), (1, f["order"])]
    )
    terms = [
        (c * (1 + sA**2 / sB**2), f["B a_1"]), (c * (1 + sB**2 / sA**2), f["b_1 A"]),
        (c, f["B a_2"]), (c, f["b_2 A"]), (2 * L * scale, f["R"]),
        (2 * L * scale * a2 * b2, gap_R),
        *((2 * c, f[name]) for name in ("pu", "pw", "qu", "qw", "uw")),
    ]  # fmt: skip
    above = s.prove(
        "the form is at most L s^2 (sigma_A^2 + sigma_B^2) size", le(h.value, c * both * h.size), terms,
        [(c, sA / sB * p - sB / sA * q), (c, sA * a2 - sB * b2)],
    )  # fmt: skip
    top = largest_eigenvalue(s, h, above, c * both)
    formula = finish(s, "formula", terms=[(1, top)])
    bound = finish(
        s, "bound", terms=[(-1, formula), (2 * L * scale, f["top"])], squares=[(c, sA - sB)]
    )  # fmt: skip
    beyond = s.condition("a step beyond the sharpness")
    finish(s, "unstable", terms=[(1, beyond), (eta, bound)])


# Adaptive steps --------------------------------------------------------------------------------


def bracket(s: Session, e: AdaptiveStep) -> tuple[sp.Expr, Fact]:
    """1 - x/2 - ((1 - x)/2)(1 + x/2)^2 >= 179/500 for 0 <= x <= 1, x = eta s |G|.

    About x_0 = 211/400 it is its tangent plus (x - x_0)^2 (3/8 + (x + 2 x_0)/8), and the tangent minus
    179/500 is positive at both ends.
    """
    f, x = e.facts, e.eta * scale * e.slope
    low = s.prove("x >= 0", le(0, x), [(scale, s.product("eta |G|", f["eta"], f["slope"]))])
    y = s.product("eta |V|^2", f["eta"], f["size"])
    high = s.prove("x <= 1", le(x, 1), [(L * scale**2, y), (1, f["rule"])])
    return x, on_the_line(s, x, low, high)


def on_the_line(s: Session, x: sp.Expr, low: Fact, high: Fact) -> Fact:
    """179/500 <= 1 - x/2 - ((1 - x)/2)(1 + x/2)^2, from 0 <= x <= 1."""
    z, x_0 = sp.Symbol("z"), sp.Rational(211, 400)
    curve = 1 - z / 2 - (1 - z) / 2 * (1 + z / 2) ** 2
    tangent = curve.subs(z, x_0) + sp.diff(curve, z).subs(z, x_0) * (z - x_0) - ADAPTIVE_DECREASE
    ends = [tangent.subs(z, 0), tangent.subs(z, 1)]
    return s.prove(
        "the least decrease", le(ADAPTIVE_DECREASE, curve.subs(z, x)),
        [(ends[0], high), (ends[1], low), ((x - x_0) ** 2 / 8, low)],
        [(sp.Rational(3, 8) + x_0 / 4, x - x_0)],
    )  # fmt: skip


def adaptive_descent(s: Session, e: AdaptiveStep) -> Fact:
    """phi_+ <= phi - (179/500) eta N, N = |grad phi|^2: the descent lemma, each term by its bound."""
    f, eta_t, N = e.facts, e.eta, e.N
    x, least = bracket(s, e)
    gained = s.product("eta N times the bracket", s.product("eta N", f["eta"], f["N"]), least)
    square = s.product("eta^2", f["eta"], f["eta"])
    cube = s.product("eta^3", square, f["eta"])
    share = scale**2 * L / 2
    y = eta_t * L * scale**2 * e.size
    whatever = s.prove(
        "descent of one step, whatever its length",
        le(gap(t + 1), gap(t) - eta_t * N * decrease_share(x, y)),
        terms=[
            (1, f["descent"]), (-eta_t * scale, f["GX"]),
            (scale, s.product("<G, Z>", square, f["GZ"])),
            (share, s.product("|X|^2", square, f["X"])), (2 * share, s.product("<X, Z>", cube, f["XZ"])),
            (share, s.product("|Z|^2", s.product("eta^4", cube, f["eta"]), f["Z"])),
        ],
    )  # fmt: skip
    return finish(s, "descent", terms=[
        (1, whatever), (1, gained), (eta_t * N / 2 * (1 + x / 2) ** 2, f["rule"]),
    ])  # fmt: skip


def printed_rule(s: Session) -> None:
    """X + Y <= 4 sqrt 2 L eta (|V|^2 + |G|) <= 1 where s^2 and s/L are at most 4 sqrt 2; so the share
    1 - X/2 - (Y/2)(1 + X/2)^2 of the descent is at least what it is on the line X + Y = 1."""
    name = "the printed rule within its range"
    printed = s.condition(PRINTED_STEP.name, name)
    small, against_L = (s.condition(h.name, name) for h in PRINTED_RANGE)
    X, Y = eta * scale * slope, eta * L * scale**2 * V0_sq
    both = s.prove(
        "X + Y <= 1", le(X + Y, 1),
        [(1, printed), (eta * slope, against_L), (eta * L * V0_sq, small)],
    )  # fmt: skip
    low = s.prove_sign("X >= 0", le(0, X))
    high = s.prove("X <= 1", le(X, 1), [(1, both)], [(Y, one)])
    line = on_the_line(s, X, low, high)
    finish(s, name, terms=[(1, line), ((1 + X / 2) ** 2 / 2, both)])


def spending(s: Session, e: AdaptiveStep, falls: Fact) -> tuple[Fact, Fact, Fact]:
    """(179/500) spent_t <= phi_0 - phi_t; so spent_t <= 4 delta_0 and delta_t <= delta_0; sum eta >= 0."""
    f, c, spent = e.facts, ADAPTIVE_DECREASE, lambda k: quantity_at("spent", k)
    used = induction(
        s, "what was spent", le(c * spent(t), gap(0) - gap(t)), over=t, base=([(c, f["spent_0"])], []),
        step=lambda previous: ([(1, previous()), (1, falls), (c, f["spent"])], []),
    )  # fmt: skip
    weight = s.product("eta N, spent", f["eta"], f["N"])
    paid = induction(
        s, "spending is nonnegative", le(0, spent(t)), over=t, base=([(-1, f["spent_0"])], []),
        step=lambda previous: ([(1, previous()), (1, weight), (-1, f["spent"])], []),
    )  # fmt: skip
    steps = induction(
        s, "the steps sum to something nonnegative", le(0, step_sum(t)), over=t,
        base=([(-1, f["sum_0"])], []),
        step=lambda previous: ([(1, previous()), (1, f["eta"]), (-1, f["sum"])], []),
    )  # fmt: skip
    above = nonnegative_gap(s)
    start = instance(s, above, {t: 0})
    cap = s.prove(
        "spent at most 4 delta_0", le(spent(t), 4 * gap(0)),
        [(1 / c, used), (1 / c, above), (4 - 1 / c, start)],
    )  # fmt: skip
    never = s.prove("phi never rises", le(gap(t), gap(0)), [(1, used), (c, paid)])
    return cap, never, steps


def adaptive_steps(
    s: Session, e: AdaptiveStep, cap: Fact, never: Fact, steps: Fact
) -> tuple[sp.Expr, Fact]:
    """1/eta <= c0 + c1 sum eta, so c0 S + c1 S^2/2 grows by at least 1 a step, and (c1 S + c0)^2 >=
    c0^2 + 2 c1 T. Return R - c0 with R the root of the right side, and R - c0 <= c1 S_T."""
    f, S = e.facts, step_sum
    root_slope = sp.sqrt(2 * L * gap(0))
    c0, c1 = 2 * L * scale**2 * V0_sq + scale * root_slope, 8 * L * scale**2 * gap(0)
    squared = s.prove(
        "|G|^2 <= 2 L delta_0",
        le(e.slope**2, root_slope**2),
        [(1, slope_bound(s, e)), (2 * L, never)],
    )
    slope = s.root("|G| <= sqrt(2 L delta_0)", squared, e.slope, root_slope)
    room = s.product("S (4 delta_0 - spent)", steps, cap)
    inverse = s.prove(
        "1/eta <= c0 + c1 S", le(L * scale**2 * e.size + scale * e.slope, c0 + c1 * S(t)),
        [(L * scale**2, f["moved"]), (2 * L * scale**2, room), (scale, slope)],
    )  # fmt: skip
    gain = s.product("eta (c0 + c1 S) >= 1", f["eta"], inverse)

    def step(previous: Previous) -> Certificate:
        correction = c0 + c1 / 2 * (S(t + 1) + S(t) + e.eta)
        return [(1, previous()), (1, gain), (-1, f["rule"]), (-correction, f["sum"])], [
            (c1 / 2, e.eta)
        ]

    growth = induction(
        s, "c0 S + c1 S^2/2 >= t", le(t, c0 * S(t) + c1 * S(t) ** 2 / 2), over=t,
        base=([(-(c0 + c1 * S(0) / 2), f["sum_0"])], []), step=step,
    )  # fmt: skip
    at_T, last = instance(s, growth, {t: T}), instance(s, steps, {t: T})
    R = sp.sqrt(c0**2 + 2 * c1 * T)
    whole = s.prove("(c1 S + c0)^2", le(R**2, (c1 * S(T) + c0) ** 2), [(2 * c1, at_T)])
    sign = s.prove("c1 S + c0 >= 0", le(0, c1 * S(T) + c0), [(c1, last)], [(c0, one)])
    below = s.root("R <= c1 S + c0", whole, R, c1 * S(T) + c0, sign)
    return R - c0, s.prove("R - c0 <= c1 S", le(R - c0, c1 * S(T)), [(1, below)])


def lora_adaptive(s: Session) -> None:
    """Descent of one step; what the steps sum to; the least gradient; the printed rule's failure."""
    e = adaptive_step(s)
    cap, never, steps = spending(s, e, adaptive_descent(s, e))
    reach, below = adaptive_steps(s, e, cap, never, steps)
    start = instance(s, nonnegative_gap(s), {t: 0})
    c1, S = 8 * L * scale**2 * gap(0), step_sum(T)
    positive = s.divisor(s.theorem.statement("steps"), start)
    finish(s, "steps", terms=[(1 / c1, below)])
    s.discard(positive)
    spent = s.prove(
        "the least gradient times the steps", le(min_factor_grad_sq(T) * S, 4 * gap(0)),
        [(1, least_gradient(s, e, T)), (1, instance(s, cap, {t: T}))],
    )  # fmt: skip
    stationary = s.theorem.statement("stationary")
    summed = s.divisor(stationary, instance(s, steps, {t: T}))
    finish(s, "stationary", terms=[(1, s.divide(spent, S, summed))])
    conclude_rate(s, reach, below, spent, c1)
    printed_rule(s)
    numbers = s.theorem.statement("the printed rule can rise")
    finish(
        s, numbers.name, terms=[(1, enclosed_sign(s, "phi rises", numbers.left - numbers.right))]
    )


def conclude_rate(s: Session, reach: sp.Expr, below: Fact, spent: Fact, c1: sp.Expr) -> None:
    """min (R - c0) <= min c1 S <= 4 delta_0 c1; divide by R - c0, which R^2 >= c0^2 makes nonnegative."""
    least = s.product("min times the sum", nonnegative_least(s, T), below)
    bound = s.prove(
        "min (R - c0)",
        le(min_factor_grad_sq(T) * reach, 4 * gap(0) * c1),
        [(1, least), (c1, spent)],
    )
    root_slope = sp.sqrt(2 * L * gap(0))
    c0 = 2 * L * scale**2 * V0_sq + scale * root_slope
    R = reach + c0
    squares = s.prove("c0^2 <= R^2", le(c0**2, R**2), squares=[(2 * c1 * T, one)])
    positive = s.root("c0 <= R", squares, c0, R)
    difference = s.prove("R - c0 >= 0", le(0, reach), [(1, positive)])
    divides = s.divisor(s.theorem.statement("rate"), difference)
    finish(s, "rate", terms=[(1, s.divide(bound, reach, divides))])


PROOFS = (
    Proof("sharpness", sharpness, (
        dropped("BestRankPoint"),
        dropped("IsotropicQuadratic"),
        scaled("formula", half),
        scaled("bound", 2),
        weakened("a step beyond the sharpness", eta * 2 * L * scale * sigma_1 > 1),
    )),
    Proof("lora-adaptive", lora_adaptive, (
        dropped("AdaptiveStep"),
        dropped("LSmooth"),
        dropped("LowerBounded"),
        substituted("descent", ADAPTIVE_DECREASE, sp.Rational(9, 25)),
        scaled("steps", 2),
        weakened("a scale within range of L", scale <= 8 * sp.sqrt(2) * L),
        scaled("stationary", half),
        scaled("rate", half),
    )),
)  # fmt: skip
