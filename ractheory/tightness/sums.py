"""Families of finite sums for the rows with stochastic gradients, reshuffling and federations.

Components f_i with gradients a_i x - p_i on the line, mean (a_i) = 1, sum p_i = 0, so that f = x^2/2 and
single components may be indefinite. In one dimension H = I and lam_min = 1; in more dimensions a sketch of
equally likely coordinates leaves the limits as they are. All expectations are exact, over all draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from ractheory.errors import UsageError
from ractheory.exact.affine import AffineChain, Component, Map, epoch_maps, gradient_map, round_maps
from ractheory.exact.arithmetic import exactly, rational
from ractheory.theorems import Statement, theorem
from ractheory.theorems import symbols as sym
from ractheory.tightness.search import FLOOR, VALUE, Family, Instance, Point

ONE = Fraction(1)
EYE = np.array([[ONE]], dtype=object)
ZERO = Fraction(0)


def component(a: Fraction, p: Fraction) -> Component:
    """Return the component with gradient a x - p."""
    return np.array([[a]], dtype=object), np.array([p], dtype=object)


Clients = Sequence[Sequence[tuple[Fraction, Fraction]]]
"""(a_i, p_i) of each component of each client."""


def dissimilarity(clients: Clients, slack: Fraction) -> tuple[Fraction, Fraction]:
    """Return A, C with mean |grad f_i - grad f_m|^2 <= 2 A (f - f*) + C, f = x^2/2, f_m the client's mean.

    The left side is Q x^2 - 2 q x + P; A = Q (1 + slack) + q^2 needs C = P + q^2/(A - Q), and both are
    as small as they can be together. With equal curvatures A = 0.

    >>> dissimilarity([[(ONE, ONE), (ONE, -ONE)]], ONE)
    (Fraction(0, 1), Fraction(1, 1))
    """
    Q, q, P = ZERO, ZERO, ZERO
    for client in clients:
        count = len(client)
        a_mean, p_mean = (sum((c[i] for c in client), ZERO) / count for i in (0, 1))
        share = ONE / (count * len(clients))
        for a, p in client:
            Q += share * (a - a_mean) ** 2
            q += share * (a - a_mean) * (p - p_mean)
            P += share * (p - p_mean) ** 2
    if Q == 0:
        return ZERO, P
    A = Q * (1 + slack) + abs(q)
    return A, P + (q * q / (A - Q) if A != Q else ZERO)


Link = Callable[[Clients, Fraction], list[Map]]


def stochastic(clients: Clients, gamma: Fraction) -> list[Map]:
    """One component, drawn afresh."""
    return [gradient_map(component(*c), EYE, gamma) for client in clients for c in client]


def reshuffled(clients: Clients, gamma: Fraction) -> list[Map]:
    """One epoch over a fresh permutation."""
    (client,) = clients
    return epoch_maps([component(*c) for c in client], EYE, gamma)


def federated(clients: Clients, gamma: Fraction) -> list[Map]:
    """One round: an epoch at every client, averaged."""
    return round_maps([[component(*c) for c in client] for client in clients], EYE, gamma)


@dataclass(frozen=True)
class Sums:
    """A family on finite sums of M clients with N components each.

    Variables are the step as a share of its limit, curvatures, linear parts, and the split of A and C. The
    clients' mean curvatures are 1, so that zeta^2 = mean |grad f_m - grad f|^2 is a constant.

    Attributes
    ----------
    row, statement : what is compared
    link : the maps of one link
    limit : largest step as a function of the constants
    N, M : components of a client, clients
    T : links, for the comparison of values
    equal : whether all components have curvature 1
    extra : further constants, by name
    """

    row: str
    statement: str
    link: Link
    limit: Callable[[Mapping[str, Fraction]], Fraction]
    N: int = 2
    M: int = 1
    T: int = 1
    equal: bool = False
    compares: str = VALUE
    extra: tuple[tuple[str, Fraction], ...] = ()

    def family(self, name: str, says: str) -> Family:
        """Return the family with its box."""
        box: dict[str, tuple[Any, Any]] = {"step": (Fraction(1, 4), 1)}
        if not self.equal:
            box |= {f"a{i + 1}": (-1, 3) for i in range(self.M * (self.N - 1))}
            box["split"] = (0, 4)
        box |= {f"p{i + 2}": (-1, 1) for i in range(self.N * self.M - 2)}
        if self.compares == VALUE:
            box["start"] = (0, 10)
        return Family(self.row, name, says, box, self.instance, self.statement, self.compares)

    def instance(self, point: Point) -> Instance | None:
        """Return the instance of a point; None where the chain does not settle, or bounds nothing."""
        values = list(point)
        share = values.pop(0)
        clients, slack = self._clients(values)
        start = values[-1] if self.compares == VALUE else ZERO
        constants = self._constants(clients, slack, start)
        gamma = share * self.limit(constants)
        constants["gamma"] = gamma
        chain = AffineChain(tuple(self.link(clients, gamma)))
        statement = theorem(self.row).statement(self.statement)
        known = {name: rational(v) for name, v in constants.items()}
        words = {
            "step": str(gamma), "components": "; ".join(f"{a} x - {p}" for c in clients for a, p in c),
            "N": str(self.N), "M": str(self.M),
        }  # fmt: skip
        try:
            left, right = self._sides(chain, statement, known, start)
        except (UsageError, ZeroDivisionError):
            return None
        return Instance(rational(left), right, words, known)

    def _clients(self, values: list[Fraction]) -> tuple[Clients, Fraction]:
        """Return the components and the slack in A; every client has mean a = 1, and all p add up to 0."""
        count = self.N * self.M
        a, slack = [ONE] * count, ONE
        if not self.equal:
            free = [[values.pop(0) for _ in range(self.N - 1)] for _ in range(self.M)]
            a = [v for client in free for v in (*client, self.N - sum(client, ZERO))]
            slack = values.pop(0)
        p = [ONE, *values[: count - 2]]
        p.append(-sum(p, ZERO))
        pairs = list(zip(a, p, strict=True))
        return [pairs[i : i + self.N] for i in range(0, count, self.N)], slack

    def _constants(self, clients: Clients, slack: Fraction, start: Fraction) -> dict[str, Fraction]:
        A, C = dissimilarity(clients, slack)
        means = [sum((p for _, p in client), ZERO) / self.N for client in clients]
        squares = sum((m * m for m in means), ZERO) / len(means)
        return {
            "L": ONE, "mu": ONE, "L_max": max(abs(a) for c in clients for a, _ in c), "B": ONE,
            "A": A, "C": C, "N": Fraction(self.N), "M": Fraction(self.M), "lam_min": ONE,
            "lam_max": ONE, "zeta_sq": squares, "gap(0)": start * start / 2, **dict(self.extra),
        }  # fmt: skip

    def _sides(
        self, chain: AffineChain, statement: Statement, known: dict[str, Any], start: Fraction
    ) -> tuple[Fraction, Any]:
        right = statement.right.subs(sym.zeta**2, sym.sp.Symbol("zeta_sq"))
        if self.compares == FLOOR:
            squared = chain.limit()[0, 0]
            left = squared / 2 if statement.left.func == sym.gap else squared
            return left, _settled(right, known)
        squares = [S[0, 0] for _, S in chain.states(np.array([start], dtype=object), self.T)]
        right_value = exactly(right, {**known, "T": rational(self.T)})
        if statement.left.func == sym.gap:
            return squares[-1] / 2, right_value
        growth = exactly(statement.left.args[1], known)
        weights = [1 / (1 + growth) ** (t + 1) for t in range(self.T)]
        mean = sum(w * rational(v) for w, v in zip(weights, squares[:-1], strict=True)) / sum(
            weights
        )
        return Fraction(int(mean.p), int(mean.q)), right_value


def _settled(right: Any, known: Mapping[str, Any]) -> Any:
    """Return the limit of a bound q^T gap(0) + c (1 - q^T) + e as T grows, 0 <= q < 1.

    Three values give it: at gap(0) = 0 for T = 1, 2, and at gap(0) = 1 for T = 1. A bound on a weighted
    mean with A = 0 does not depend on T once gap(0) = 0.
    """

    def at(T: int, gap: int) -> Any:
        return exactly(right, {**known, "gap(0)": rational(gap), "T": rational(T)})

    first, second = at(1, 0), at(2, 0)
    if first == second:
        return first
    return first / (1 - (at(1, 1) - first))


def _sgd_limit(constants: Mapping[str, Fraction]) -> Fraction:
    """Both conditions of the rows: gamma L B <= 1, and 2 gamma A L <= mu."""
    A = constants["A"]
    return min(ONE, 1 / (2 * A)) if A else ONE


def _rr_limit(constants: Mapping[str, Fraction]) -> Fraction:
    return 1 / (2 * constants["L_max"] * constants["N"])


MIXED = tuple((f"lam_{end}_{side}", ONE) for end in ("min", "max") for side in ("left", "right"))
DRAWN = (*MIXED, ("p_left", Fraction(1, 2)))
"""In one dimension both sides of Bernoulli-LoRA are H = I."""

LIMIT = "limits as T grows"
FAMILIES = (
    Sums("sgd-nonconvex", "weighted", stochastic, _sgd_limit, equal=True, compares=FLOOR).family(
        "sums-of-two", f"two quadratics of one curvature; {LIMIT}"),
    Sums("sgd-pl", "sharp", stochastic, _sgd_limit, compares=FLOOR).family(
        "sums-of-two", f"two quadratics, indefinite ones too; {LIMIT}"),
    Sums("sgd-pl", "paper", stochastic, _sgd_limit, compares=FLOOR).family(
        "sums-of-two-as-printed", f"two quadratics, indefinite ones too; {LIMIT}"),
    Sums("bernoulli-sgd-nonconvex", "weighted", stochastic, _sgd_limit, equal=True, compares=FLOOR,
         extra=DRAWN).family("sums-of-two", f"two quadratics of one curvature; {LIMIT}"),
    Sums("bernoulli-sgd-pl", "sharp", stochastic, _sgd_limit, compares=FLOOR, extra=DRAWN).family(
        "sums-of-two", f"two quadratics, indefinite ones too; {LIMIT}"),
    Sums("rr-nonconvex", "weighted", reshuffled, _rr_limit).family(
        "sums-of-two", "two quadratics, indefinite ones too; one epoch"),
    Sums("rr-nonconvex", "weighted", reshuffled, _rr_limit, N=3, equal=True, compares=FLOOR).family(
        "sums-of-three-floor", f"three quadratics of one curvature; {LIMIT}"),
    Sums("rr-pl", "sharp", reshuffled, _rr_limit, compares=FLOOR).family(
        "sums-of-two", f"two quadratics, indefinite ones too; {LIMIT}"),
    Sums("rr-pl", "sharp", reshuffled, _rr_limit, N=3, compares=FLOOR).family(
        "sums-of-three", f"three quadratics, indefinite ones too; {LIMIT}"),
    Sums("fed-rr-nonconvex", "weighted", federated, _rr_limit).family(
        "one-client", "one client with two quadratics, indefinite ones too; one round"),
    Sums("fed-rr-pl", "sharp", federated, _rr_limit, compares=FLOOR).family(
        "one-client", f"one client with two quadratics, indefinite ones too; {LIMIT}"),
    Sums("fed-rr-pl", "sharp", federated, _rr_limit, M=2, compares=FLOOR).family(
        "two-clients", f"two clients with two quadratics each, indefinite ones too; {LIMIT}"),
)  # fmt: skip
