"""Planted errors in oracles and federations, in small worlds whose expectations are enumerated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from itertools import permutations, product
from operator import add
from typing import Any

from ractheory.exact import worlds
from ractheory.exact.quadratics import QuadraticSum
from ractheory.trust.planted import Planted, swapped
from ractheory.trust.probes import SCALAR, Probe, in_world, reshuffled, sampled, scalars

ONE, SMALL = Fraction(1), Fraction(1, 20)
PAIR, TRIPLE = scalars(1, -1), scalars(0, 1, -1)

SGD = in_world("sgd-pl", "from-the-minimiser", TRIPLE, ONE, sampled(ONE))
SGD_NONCONVEX = in_world("sgd-nonconvex", "from-the-minimiser", TRIPLE, ONE, sampled(ONE), steps=40)
RR = in_world("rr-pl", "from-the-minimiser", PAIR, SMALL, reshuffled(SMALL))
RR_NONCONVEX = in_world(
    "rr-nonconvex", "from-the-minimiser", PAIR, SMALL, reshuffled(SMALL), steps=5
)


def _rounds(problem: QuadraticSum) -> worlds.Link:
    """Return the rounds of a federation whose clients have one component each."""
    clients = [scalars(C[0, 0]) for C in problem.centres]
    return worlds.federated_links(clients, SCALAR, SMALL)


FED = in_world("fed-rr-pl", "from-the-minimiser", PAIR, SMALL, _rounds, N=1, C=0.0, zeta=1.0)
FED_FAR = in_world("fed-rr-pl", "from-afar", PAIR, SMALL, _rounds, start=8, N=1, C=0.0, zeta=1.0)
FED_NONCONVEX = in_world(
    "fed-rr-nonconvex", "from-the-minimiser", PAIR, SMALL, _rounds, steps=8, N=1, C=0.0, zeta=1.0
)

Links = Callable[..., worlds.Link]


def _batches_of(chosen: Callable[[int], list[int]]) -> Links:
    """Return mini-batch links of one component, drawn evenly from a wrong list."""

    def links(
        problem: QuadraticSum, projections: Any, gamma: Any, batch: int, side: str = "left"
    ) -> worlds.Link:
        return lambda W: [
            W - gamma * worlds.project(H, problem.component_gradient(i, W), side)
            for H in projections for i in chosen(problem.components)
        ]  # fmt: skip

    return links


def _louder(
    problem: QuadraticSum, projections: Any, gamma: Any, batch: int, side: str = "left"
) -> worlds.Link:
    """Mini-batches whose noise has a variance 10.25 percent too large."""
    louder = QuadraticSum(problem.curvatures, tuple(Fraction(21, 20) * C for C in problem.centres))
    return true_minibatch(louder, projections, gamma, batch, side)


true_minibatch = worlds.minibatch_links


def _epochs_over(orders: Callable[[int], Sequence[Sequence[int]]]) -> Links:
    def links(
        problem: QuadraticSum, projections: Any, gamma: Any, side: str = "left"
    ) -> worlds.Link:
        return lambda W: [
            worlds.epoch(problem, W, H, order, gamma, side)
            for H in projections for order in orders(problem.components)
        ]  # fmt: skip

    return links


def _averaging(*weights: Fraction) -> Links:
    """Return rounds whose server weighs the clients wrongly; one epoch each, in the given order."""

    def links(
        clients: Sequence[QuadraticSum], projections: Any, gamma: Any, side: str = "left"
    ) -> worlds.Link:
        def ends(W: Any, H: Any) -> Any:
            parts = [worlds.epoch(c, W, H, range(c.components), gamma, side) for c in clients]
            return reduce(add, (w * end for w, end in zip(weights, parts, strict=True)))

        return lambda W: [ends(W, H) for H in projections]

    return links


def _batch(name: str, says: str, links: Links, *asked: Probe) -> Planted:
    return Planted(
        f"oracles/{name}", says, lambda: swapped(worlds, "minibatch_links", links), asked
    )


def _order(
    name: str, says: str, orders: Callable[[int], Sequence[Sequence[int]]], *asked: Probe
) -> Planted:
    links = _epochs_over(orders)
    return Planted(
        f"oracles/{name}", says, lambda: swapped(worlds, "reshuffling_links", links), asked
    )


def _average(name: str, says: str, probe: Probe, *weights: Fraction) -> Planted:
    links = _averaging(*weights)
    return Planted(
        f"federations/{name}", says, lambda: swapped(worlds, "federated_links", links), (probe,)
    )


THIRD, HALF = Fraction(1, 3), Fraction(1, 2)

ERRORS = (
    _batch("component-never-drawn", "the first component is never in a batch",
           _batches_of(lambda n: list(range(1, n))), SGD),
    _batch("component-drawn-twice-as-often", "the second component is drawn twice as often",
           _batches_of(lambda n: [*range(n), 1]), SGD),
    _batch("always-the-same-component", "every batch is the last component",
           _batches_of(lambda n: [n - 1]), SGD),
    _batch("noise-10-percent", "the variance of the noise is a tenth too large", _louder, SGD),
    _batch("noise-10-percent-gradients", "the same, seen by the gradients", _louder, SGD_NONCONVEX),
    _order("index-repeated", "an epoch draws its indices with replacement",
           lambda n: list(product(range(n), repeat=n)), RR),
    _order("index-repeated-gradients", "the same, seen by the gradients",
           lambda n: list(product(range(n), repeat=n)), RR_NONCONVEX),
    _order("component-skipped", "an epoch leaves out its last component",
           lambda n: [p[:-1] for p in permutations(range(n))], RR),
    _order("component-twice", "an epoch visits its first component twice",
           lambda n: [(p[0], *p) for p in permutations(range(n))], RR),
    _average("unequal-weights", "the clients weigh 2/3 and 1/3", FED, 2 * THIRD, THIRD),
    _average("unequal-weights-gradients", "the same, seen by the gradients", FED_NONCONVEX,
             2 * THIRD, THIRD),
    _average("one-client-left-out", "one client takes no part", FED, 2 * HALF, 0 * HALF),
    _average("sum-for-mean", "the server adds and does not divide", FED_FAR, 2 * HALF, 2 * HALF),
    _average("drift-subtracted", "the second client's end is subtracted", FED, 2 * HALF, -HALF),
    Planted(
        "oracles/fixed-order-of-two", "two components in a fixed order",
        lambda: swapped(worlds, "reshuffling_links", worlds.fixed_order_links), (RR,),
        "with two components of one curvature every order ends equally far from the minimiser",
    ),
)  # fmt: skip


def wrong_oracles() -> tuple[Planted, ...]:
    """Return the planted errors in oracles and federations."""
    return ERRORS
