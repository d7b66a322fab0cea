"""Families of the remaining rows: LoRA with the adaptive step, acceleration, drawn sides, worst cases."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb

from ractheory.exact.arithmetic import ball, exactly, rational
from ractheory.exact.chains import Chain, Part, numbers
from ractheory.exact.moments import Moments
from ractheory.theorems import symbols as sym
from ractheory.theorems import theorem
from ractheory.theorems.beyond import MOMENTUM_STEP
from ractheory.tightness.search import DECREASE, Family, Instance, Point
from ractheory.worst_case import AGREEMENT, WorstCaseProblem, solve_here

ONE = Fraction(1)


def adaptive(point: Point) -> Instance | None:
    """Return one step of LoRA with the adaptive rule on f(w) = (w - y)^2/2, w = a b: the decreases of phi."""
    a, b, y = point
    G = a * b - y
    squared = G * G * (a * a + b * b)
    if squared == 0:
        return None
    eta = 1 / (a * a + b * b + abs(G))
    after = ((a - eta * G * b) * (b - eta * G * a) - y) ** 2 / 2
    now, t = G * G / 2, sym.t
    right = theorem("lora-adaptive").statement("descent").right
    values = {str(sym.gap(t)): now, str(sym.step_size(t)): eta, str(sym.factor_grad_sq(t)): squared}
    promised = exactly(right, {name: rational(v) for name, v in values.items()})
    words = {"a": str(a), "b": str(b), "target": str(y)}
    return Instance(rational(now) - promised, rational(now - after), words)


@dataclass(frozen=True)
class Accelerated:
    """Accelerated chains on Huber's function on the line from x_0 = 1; variables are step and threshold."""

    T: int

    def instance(self, point: Point) -> Instance | None:
        gamma, threshold = map(rational, point)
        if threshold == 0:
            return None
        A, x, z = ball(0), ball(1), ball(1)
        for _ in range(self.T):
            b = exactly(MOMENTUM_STEP, {"A_before": A, "gamma": gamma, "rho": rational(1)})
            following = A + b
            tau = b / following
            y = (1 - tau) * x + tau * z
            g = _slope(y, threshold)
            A, x, z = following, y - gamma * g, z - b * g
        constants = {"L": rational(1), "gamma": gamma, "rho": rational(1), "D0_sq": rational(1),
                     "A_acc": A, "T": rational(self.T)}  # fmt: skip
        right = exactly(theorem("accelerated").statement("sharp").right, constants)
        words = {"step": str(gamma), "threshold": str(threshold), "T": str(self.T)}
        return Instance(_value(x, threshold), right, words, constants)


def _slope(x: Any, threshold: Any) -> Any:
    """Return the derivative of Huber's function at a ball."""
    return x.max(ball(-threshold)).min(ball(threshold))


def _value(x: Any, threshold: Any) -> Any:
    g = _slope(x, threshold)
    return g * x - g * g / 2


@dataclass(frozen=True)
class DrawnSide:
    """f = (L/2)|D|^2, a link on the left (rho = 1/3) or on the right (rho = 1/2) with the same chance.

    Given the past E|H G|^2 = lam |G|^2 with lam = 5/12, which is all that enters.
    """

    row: str
    T: int = 5

    def instance(self, point: Point) -> Instance | None:
        left, right = Fraction(1, 3), Fraction(1, 2)
        lam = (left + right) / 2
        part = Part(numbers([rational(1)]), numbers([rational(1)]))
        moments = Moments(lam, lam, lam, Fraction(0)).convert(rational)
        chain = Chain((part,), rational(point[0]), moments, 1)
        drawn = {"lam_min_left": left, "lam_max_left": left, "lam_min_right": right,
                 "lam_max_right": right, "p_left": Fraction(1, 2)}  # fmt: skip
        constants = chain.constants() | {name: rational(v) for name, v in drawn.items()}
        statement = theorem(self.row).statement()
        words = {"step": str(point[0]), "rho": "1/3 left, 1/2 right", "T": str(self.T)}
        value = chain.curve(statement.left, self.T)[-1]
        return Instance(value, chain.bound(statement, constants, self.T), words, constants)


def sign_link(point: Point) -> Instance | None:
    """Return a link of Adam's first step on |d|^2/2, d a column of length |d| = x r sqrt(2/pi), eta s = 1.

    A = -sign(B^T d) gives d_+ = d - sum_i b_i sign(<b_i, d>) over r factors b_i ~ N(0, I), whose terms
    have mean sqrt(2/pi) d/|d| and square m: E|d_+|^2 = |d|^2 - 2 r sqrt(2/pi) |d| + r m + r (r - 1) 2/pi.
    """
    m, r, x = 5, 2, rational(point[0])
    mean = (2 / arb.pi()).sqrt()
    length = x * r * mean
    after = (length**2 - 2 * r * mean * length + r * m + r * (r - 1) * mean**2) / 2
    known = {"L": 1, "eta": 1, "s": 1, "width": 1, "r": r, "d": m}
    constants = {name: rational(v) for name, v in known.items()}
    bound = exactly(theorem("sign-floor").statement().right, {**constants, "T": rational(1)})
    words = {"|d| over r sqrt(2/pi)": str(point[0]), "m": str(m), "r": str(r), "T": "1"}
    return Instance(bound, after, words, constants)


@dataclass(frozen=True)
class WorstCaseOf:
    """The largest value over all functions of a class, by performance estimation: no search.

    The value is enclosed in a ball of the solvers' agreement. It is an upper bound of the largest ratio for
    PL functions, and the largest ratio itself otherwise.
    """

    problem: WorstCaseProblem
    row: str

    def instance(self, point: Point) -> Instance | None:
        answer = solve_here(self.problem)  # a worker may have no process of its own
        bound = (
            self.problem.bound() if self.row != "gd-pl-isotropic" else self.problem.closed_form()
        )
        words = {
            "class": self.problem.family, "step": f"{self.problem.gamma} 1/L", "rho": str(self.problem.rho),
            "T": str(self.problem.steps), "mu": str(self.problem.mu),
            "solvers": ", ".join(f"{k} {v:.8g}" for k, v in answer.values.items() if v is not None),
        }  # fmt: skip
        left = arb(answer.value, AGREEMENT if answer.agrees else float("inf"))
        return Instance(left, arb(bound), words)

    def family(self, name: str) -> Family:
        says = f"all {self.problem.family} functions, {self.problem.steps} link(s), by performance estimation"
        statement = self.problem.statement().name
        return Family(self.row, name, says, {}, self.instance, statement)


STEPS = {"step": (Fraction(1, 2), Fraction(199, 100))}
FLAT = "f = (L/2) |D|^2, the side of each link drawn"
ONE_LINK = WorstCaseProblem("pl", 1.0, 2, 1, mu=0.1)

FAMILIES = (
    Family("lora-adaptive", "scalars", "f = (w - y)^2/2, rank 1, one step",
           {"a": (-2, 2), "b": (-2, 2), "y": (-4, 4)}, adaptive, "descent", DECREASE),
    Family("accelerated", "huber", "Huber's function on the line, T = 10",
           {"step": (Fraction(1, 2), 1), "threshold": (0, 1)}, Accelerated(10).instance, "sharp"),
    Family("sign-floor", "one-link", "f = |d|^2/2 in R^5, rank 2, one link", {"length": (0, 2)}, sign_link),
    Family("bernoulli-gd-nonconvex", "isotropic", FLAT, STEPS,
           DrawnSide("bernoulli-gd-nonconvex").instance),
    Family("bernoulli-gd-pl", "isotropic", FLAT, STEPS, DrawnSide("bernoulli-gd-pl").instance),
)  # fmt: skip

WORST_CASES = (
    WorstCaseOf(WorstCaseProblem("smooth", 1.5, 2, 1, steps=2), "gd-nonconvex").family(
        "worst-case"
    ),
    WorstCaseOf(ONE_LINK, "gd-pl").family("worst-case-kappa-10"),
    WorstCaseOf(ONE_LINK, "gd-pl-isotropic").family("worst-case-kappa-10"),
    WorstCaseOf(WorstCaseProblem("convex", 1.0, 1, 1, steps=3), "gd-convex").family("worst-case"),
    WorstCaseOf(WorstCaseProblem("convex", 1.0, 2, 1, steps=3), "gd-convex").family(
        "worst-case-half"
    ),
)
"""Families that need the extra `pep`."""
