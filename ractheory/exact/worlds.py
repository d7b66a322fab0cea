"""Small finite worlds: E of anything after T steps by enumeration, with no formula and no sampling.

A link of a chain is a finite list of equally likely next iterates. `enumerate_chain` follows every
branch (equal iterates are merged), so that on Fractions the expectations are exact. The links below
are the plain update rules over all coordinate sketches, all mini-batches, all permutations, and all
clients: oracles for the rows `gd-*`, `sgd-*`, `rr-*` and `fed-*`, and for the recursions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from itertools import combinations, permutations, product
from math import comb, factorial
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import UsageError, integer
from ractheory.exact.quadratics import QuadraticSum

Array = NDArray[Any]
Link = Callable[[Array], list[Array]]
"""All equally likely next iterates of one link (a repeated iterate counts as often as it is named)."""

MAX_BRANCHES = 100_000
"""Branches that one step of an enumeration may follow: seconds of rational arithmetic."""


def enumerate_chain(
    start: Array, link: Link, metrics: Mapping[str, Callable[[Array], Any]], steps: int
) -> dict[str, list[Any]]:
    """Return the exact expectation of each metric at t = 0, ..., steps.

    >>> halves = lambda w: [w, w / 2]
    >>> enumerate_chain(np.array([[Fraction(4)]]), halves, {"w": lambda w: w.sum()}, 2)["w"]
    [Fraction(4, 1), Fraction(3, 1), Fraction(9, 4)]
    """
    integer("steps", steps, 0)
    states: dict[tuple[Any, ...], tuple[Fraction, Array]] = {_key(start): (Fraction(1), start)}
    curves: dict[str, list[Any]] = {name: [_mean(states, metrics[name])] for name in metrics}
    branching = len(link(start)) if steps else 0
    for _ in range(steps):
        _affordable("branches of one step", len(states) * branching)
        following: dict[tuple[Any, ...], tuple[Fraction, Array]] = {}
        for weight, W in states.values():
            outcomes = link(W)
            for after in outcomes:
                key = _key(after)
                known = following[key][0] if key in following else Fraction(0)
                following[key] = (known + weight / len(outcomes), after)
        states = following
        for name, metric in metrics.items():
            curves[name].append(_mean(states, metric))
    return curves


def _key(W: Array) -> tuple[Any, ...]:
    return tuple(W.ravel())


def _mean(states: Mapping[Any, tuple[Fraction, Array]], metric: Callable[[Array], Any]) -> Any:
    total: Any = 0
    for weight, W in states.values():
        value = metric(W)
        total = total + (float(weight) if isinstance(value, float) else weight) * value
    return total


def _affordable(what: str, count: int) -> None:
    if count > MAX_BRANCHES:
        raise UsageError.of(
            what, count, f"at most {MAX_BRANCHES}", "take fewer steps or a smaller world"
        )


def _sum(terms: Sequence[Array]) -> Array:
    return reduce(add, terms)


def coordinate_projections(d: int, r: int) -> list[Array]:
    """Return all projections onto r of d coordinates, shape (d, d), as Fractions.

    >>> [int(H[0, 0]) for H in coordinate_projections(3, 1)]
    [1, 0, 0]
    """
    integer("rank", r, 1, d, f"the sketched dimension is {d}")
    _affordable("number of coordinate sketches", comb(d, r))
    return [
        np.diag(np.array([Fraction(i in subset) for i in range(d)], dtype=object))
        for subset in combinations(range(d), r)
    ]


def haar_design(d: int, r: int) -> list[Array]:
    """Return equally likely projections of rank r in R^d, d = 2 or 3, with Haar's first two moments.

    Lines of rank 1: three at equal angles in the plane, the six diagonals of the icosahedron in space;
    rank d - 1: their complements. They are projective 2-designs (Delsarte, Goethals, Seidel 1977), so
    averages of polynomials of degree at most 2 in the entries of H are those of the Haar law: an
    enumeration of chains that are linear in H, up to round-off.

    >>> bool(np.allclose(sum(haar_design(3, 2)) / 6, 2 / 3 * np.eye(3)))
    True
    """
    integer("dimension of the design", d, 2, 3)
    integer("rank", r, 1, d - 1)
    if d == 2:
        angles = np.pi * np.arange(3) / 3
        lines = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    else:
        golden = (1 + 5**0.5) / 2
        corners = [[0, 1, golden], [0, 1, -golden]]
        lines = np.array([np.roll(c, shift) for c in corners for shift in range(3)])
        lines = lines / np.sqrt(1 + golden**2)
    projections = [np.outer(u, u) for u in lines]
    return projections if r == 1 else [np.eye(d) - H for H in projections]


def project(H: Array, G: Array, side: str) -> Array:
    """Return H G for a left sketch, G H for a right one."""
    if side not in ("left", "right"):
        raise UsageError.of("side", side, "left or right", "choose one of these")
    return H.dot(G) if side == "left" else G.dot(H)


def gradient_links(
    problem: QuadraticSum, projections: Sequence[Array], gamma: Any, side: str = "left"
) -> Link:
    """Return the links W - gamma H grad f(W) over all sketches."""
    return lambda W: [W - gamma * project(H, problem.gradient(W), side) for H in projections]


def minibatch_links(
    problem: QuadraticSum, projections: Sequence[Array], gamma: Any, batch: int, side: str = "left"
) -> Link:
    """Return the links W - gamma H g over all sketches and all batches without replacement."""
    integer("batch", batch, 1, problem.components, "a batch fits in the sum")
    batches = list(combinations(range(problem.components), batch))
    scale = gamma / batch if isinstance(gamma, float) else Fraction(gamma) / batch

    def link(W: Array) -> list[Array]:
        parts = [problem.component_gradient(i, W) for i in range(problem.components)]
        sums = [_sum([parts[i] for i in chosen]) for chosen in batches]
        return [W - scale * project(H, g, side) for H in projections for g in sums]

    return link


def epoch(
    problem: QuadraticSum, W: Array, H: Array, order: Sequence[int], gamma: Any, side: str = "left"
) -> Array:
    """Return W after W - gamma H grad f_i(W) for every i of `order` in turn: one epoch of `rr`."""
    for i in order:
        W = W - gamma * project(H, problem.component_gradient(i, W), side)
    return W


def reshuffling_links(
    problem: QuadraticSum, projections: Sequence[Array], gamma: Any, side: str = "left"
) -> Link:
    """Return the epochs over all sketches and all permutations of the components."""
    _affordable("epochs of one link", factorial(problem.components) * len(projections))
    orders = list(permutations(range(problem.components)))
    return lambda W: [epoch(problem, W, H, o, gamma, side) for H in projections for o in orders]


def fixed_order_links(
    problem: QuadraticSum, projections: Sequence[Array], gamma: Any, side: str = "left"
) -> Link:
    """Return the epochs over all sketches in the order of the components: the planted error of `rr`."""
    order = range(problem.components)
    return lambda W: [epoch(problem, W, H, order, gamma, side) for H in projections]


def federated_links(
    clients: Sequence[QuadraticSum], projections: Sequence[Array], gamma: Any, side: str = "left"
) -> Link:
    """Return the rounds of Fed-RAC-LoRA over all sketches and all permutations of every client.

    The server draws one sketch, each client runs one epoch on its own components, and the server
    averages: averaging the trained factor of a shared sketch is averaging W.
    """
    orders = [list(permutations(range(client.components))) for client in clients]
    branches = len(projections)
    for each in orders:
        branches *= len(each)
    _affordable("rounds of one link", branches)
    share: Any = 1.0 / len(clients) if isinstance(gamma, float) else Fraction(1, len(clients))

    def link(W: Array) -> list[Array]:
        rounds = []
        for H in projections:
            ends = [
                [epoch(client, W, H, order, gamma, side) for order in each]
                for client, each in zip(clients, orders, strict=True)
            ]
            rounds += [share * _sum(chosen) for chosen in product(*ends)]
        return rounds

    return link
