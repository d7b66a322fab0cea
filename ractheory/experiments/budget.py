"""Equal budgets: two methods given the same operations, or the same gradients and trained parameters.

A method is a plain mapping: name, step, unit, rank, side, law, and options of its own. Runs of one seed
are pairs, and the exact sign test decides which of the two ends lower in most runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.claims.claim import MethodSpec, ObjectiveSpec
from ractheory.compare.build import build_method, build_objective, start_of
from ractheory.compare.decision import exact_decision
from ractheory.engine.simulate import simulate
from ractheory.errors import UsageError, integer, real
from ractheory.experiments.decisions import SEEDS, above_in_most_runs
from ractheory.experiments.family import Asked, Outcome
from ractheory.methods import Method, Plain, PseudoInverse, Trains
from ractheory.objectives.base import Objective
from ractheory.predict import full_operations, link_operations

Array = NDArray[np.float64]


def method_spec(given: Mapping[str, Any]) -> MethodSpec:
    """Return the method that a mapping describes; words that are no field of it are options.

    >>> method_spec({"name": "cola", "inner_steps": 5}).options
    {'inner_steps': 5}
    """
    names = {f.name for f in fields(MethodSpec)} - {"options"}
    own = {k: v for k, v in given.items() if k in names}
    return MethodSpec(**own, options={k: v for k, v in given.items() if k not in names})


# The cost of a link.


@dataclass
class Counter:
    """Products of matrices, counted: 2 a b c operations for (a x b) times (b x c)."""

    operations: int = 0
    terms: list[str] = field(default_factory=list)

    def product(self, name: str, left: Array, right: Array) -> Array:
        count = 2 * left.shape[0] * left.shape[1] * right.shape[1]
        self.operations += count
        self.terms.append(f"{name} {count}")
        return left @ right


def counted_link(
    X: Array, R: Array, factor: Array, side: str, choice: bool, count: Counter
) -> Array:
    """Return the change of the predictions X W in a link, from features X and residuals R = X W - Y.

    The drawn `factor` is B (m x r, left) or A^T (n x r, right); with `choice` its columns are coordinates, and
    products with it cost nothing. Least squares, step one.
    """
    uncounted = Counter()
    inverse = np.linalg.pinv(factor.T @ factor)
    if side == "left":
        XB = (uncounted if choice else count).product("X B", X, factor)
        A = -inverse @ count.product("(X B)^T R", XB.T, R) / len(X)
        return count.product("(X B) A", XB, A)
    RA = (uncounted if choice else count).product("R A^T", R, factor)
    B = -count.product("X^T (R A^T)", X.T, RA) @ inverse / len(X)
    XB = count.product("X B", X, B)
    return (uncounted if choice else count).product("(X B) A", XB, factor.T)


def _cost(asked: Asked) -> Outcome:
    """Compare the counted operations of one link with the stated share of a full step."""
    given = asked.parameters
    m, n, r = (integer(name, given[name], 1) for name in ("m", "n", "r"))
    side, choice = str(given.get("side", "left")), bool(given.get("coordinates", False))
    N = integer("N", given.get("N", 7), 1)
    rng = np.random.default_rng(0)
    X, R = rng.standard_normal((N, m)), rng.standard_normal((N, n))
    d = m if side == "left" else n
    factor = np.eye(d)[:, :r] if choice else rng.standard_normal((d, r))
    link, full = Counter(), Counter()
    change = counted_link(X, R, factor, side, choice, link)
    G = full.product("gradient", X.T, R) / N
    full.product("predictions", X, G)
    H = factor @ np.linalg.pinv(factor)
    expected = -X @ (H @ G if side == "left" else G @ H)
    if not np.allclose(change, expected, rtol=1e-9, atol=1e-9 * float(np.abs(expected).max())):
        raise AssertionError("the counted link is not the projected gradient step")
    share = link_operations(m, n, r, side, choice) / full_operations(m, n)
    detail = f"{'; '.join(link.terms)}; full step {full.operations}; the link is the projected step"
    observed = link.operations / full.operations
    stated = real("stated share", given.get("stated", share))
    decision = exact_decision("=", observed, stated, 1e-12, detail)
    law = "coordinates" if choice else "dense"
    return Outcome(decision, dict(given), method="one link", sketch=f"{law}, rank {r}, {side}")


# Races.


def links_for(f: Objective, method: Method, budget: str, amount: int) -> int:
    """Return how many links `method` makes: for the operations of `amount` full steps, or for so many
    gradients.

    Raises UsageError for a budget of another kind, or for a method whose operations are not counted.
    """
    steps = method.inner.steps
    if budget == "gradients":
        return max(amount // steps, 1)
    if budget != "operations":
        raise UsageError.of("budget", budget, "operations or gradients", "choose one of these")
    if method.trains is Trains.FULL:
        return amount
    counted = isinstance(method.inner, PseudoInverse | Plain) and steps == 1
    if not counted or method.trains not in (Trains.LEFT, Trains.RIGHT) or len(f.shapes) > 1:
        raise UsageError.of(
            "method", method.name, "full steps, or links of one step on one factor",
            "compare at equal gradients",
        )  # fmt: skip
    (m, n), side = f.shapes[0], "left" if method.trains is Trains.LEFT else "right"
    coordinates = method.law.name in ("coordinates", "importance")
    link = link_operations(m, n, method.rank, side, coordinates)
    return amount * full_operations(m, n) // link


def trained(f: Objective, method: Method, links: int) -> int:
    """Return how many parameters are trained over all links: a redrawn chain trains new ones each time."""
    if method.trains is Trains.FULL:
        return f.dim
    of_A, of_B = (method.rank * sum(shape[axis] for shape in f.shapes) for axis in (1, 0))
    sizes = {Trains.LEFT: of_A, Trains.RIGHT: of_B}
    return sizes.get(method.trains, of_A + of_B) * (links if method.redraw else 1)


def _race(asked: Asked) -> Outcome:
    """Decide whether `first` ends lower than `second` in most runs, both within one budget."""
    given = asked.parameters
    f_spec = ObjectiveSpec(str(given["objective"]), dict(given.get("of", {})))
    f = build_objective(f_spec)
    start = start_of(str(given.get("start", "zero")), f, f"{asked.seed}/start/{f_spec}")
    seeds, amount = (
        integer("seeds", given.get("seeds", SEEDS), 1),
        integer("amount", given["amount"], 1),
    )
    ends, words = [], {}
    for role in ("first", "second"):
        spec = method_spec(given[role])
        method = build_method(spec, f)
        links = links_for(f, method, str(given["budget"]), amount)
        run = simulate(f, method, start, links, seeds, f"{asked.stream}/{role}")
        end = run.gap[:, -1]
        ends.append(np.where(np.isfinite(end), end, np.inf))
        words[role] = f"{spec}; {spec.sketch}; {links} links, {trained(f, method, links)} trained"
        words[f"{role}_median"] = f"{np.median(ends[-1]):.6g}"
    first, second = ends
    decision = above_in_most_runs(second, first, rate=asked.error_rate)
    settings = {**{k: v for k, v in given.items() if k not in ("first", "second")}, **words}
    return Outcome(
        decision, settings, {"first": first, "second": second}, (), words["first"], words["second"],
        seeds,
    )  # fmt: skip


MEASURES: dict[str, Callable[[Asked], Outcome]] = {"cost": _cost, "race": _race}
"""What can be asked, by name."""


def measure(asked: Asked) -> Outcome:
    """Measure what a claim of the family asks."""
    found: Outcome = asked.one_of(MEASURES)(asked)
    return found
