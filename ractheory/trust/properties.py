"""Properties that hold for every objective, sketch, method, size and scale; each is one question to an instance.

A property returns "" where it holds and says what broke where it does not. Instances are plain numbers, so
that a search can vary them and a failure can be told; `instances` draws them from a named stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ractheory.claims.claim import CONFIRMED, REFUTED, Claim
from ractheory.compare import check_claim
from ractheory.engine.simulate import simulate
from ractheory.evidence import round_off
from ractheory.exact.recursion import RowRecursion, vector
from ractheory.methods import fpft, rac_lora
from ractheory.objectives.linear_model import LinearModel
from ractheory.objectives.losses import Squared
from ractheory.objectives.quadratic import EntryQuadratic, MatrixQuadratic
from ractheory.sketches import projection
from ractheory.trust.anywhere import (
    clients_may_change_places,
    no_theorem_is_refuted_anywhere,
    two_ways_never_contradict,
)
from ractheory.trust.calibration import generator
from ractheory.trust.instances import LINKS, Instance, instance

Array = NDArray[np.float64]


def no_confirmation_against_the_exact_value(given: Instance) -> str:
    """No bound that the exact expectation exceeds is confirmed, and none that it keeps is refuted."""
    plain = given.claim("gd-pl")
    found = check_claim(plain, "properties")
    exact = _exact_gap(given, plain)
    if found.decision.bound is None or not exact > 0.0:
        return ""
    asked = replace(plain, bound_factor=given.factor * exact / found.decision.bound)
    verdict = check_claim(asked, "properties").verdict.value
    # the recursion and the bound carry a round-off of a few units a link; between these all is right
    margin = float(round_off(64 * given.links * given.m, 1.0))
    if verdict == CONFIRMED and given.factor < 1.0 - margin:
        return f"confirmed at {given.factor} of the exact value"
    if verdict == REFUTED and given.factor > 1.0 + margin:
        return f"refuted at {given.factor} of the exact value"
    return ""


def _exact_gap(given: Instance, claim: Claim) -> float:
    from ractheory.compare.build import experiment
    from ractheory.exact.moments import sketch_moments

    ran = experiment(claim, "properties")
    centre = ran.objective.constants.minimiser
    assert centre is not None
    D = (ran.start - centre).reshape(given.m, given.n)
    name = "coordinate" if given.law == "coordinates" else "haar"
    moments = sketch_moments(name, given.m, given.rank).convert(float)
    chain = RowRecursion(vector(list(given.spectrum)), ran.method.step, moments)
    return float(chain.expected(np.sum(D**2, axis=1), given.links)[-1])


TRUE_ROWS: tuple[tuple[str, str | None], ...] = (
    ("descent", None), ("gd-pl", None), ("gd-nonconvex", None), ("gd-convex", None),
    ("gd-pl", "one step"), ("exact-quadratic", "one step"), ("exact-quadratic", "rate"),
    ("effective-dimension", "pl"), ("effective-dimension", "one step"),
    ("effective-dimension", "coordinates one step"), ("time-uniform", "all times"),
    ("gd-pl-isotropic", None), ("accumulated-rank", None),
)  # fmt: skip
"""Theorems, and their statements, that apply to an instance or say that they do not."""

LONG_WAYS = (("exact-quadratic", "one step"), ("accumulated-rank", None))
"""Those that look at every W_t: the runs are repeated for each of their links."""


def what_is_true_is_never_refuted(given: Instance) -> str:
    """Whatever the scales, the conditioning and the round-off, a theorem that applies is not refuted."""
    for theorem, statement in TRUE_ROWS:
        asked = given.claim(theorem, statement=statement, seeds=24)
        if (theorem, statement) in LONG_WAYS:
            asked = replace(asked, steps=min(asked.steps, LINKS), seeds=2)
        if check_claim(asked, "properties").verdict.value == REFUTED:
            return f"{theorem}, {statement or 'its first statement'}, is refuted"
    return ""


def a_basis_changes_nothing(given: Instance) -> str:
    """Gradient descent in rotated coordinates of the rows takes the same values."""
    rng = given.rng
    U = np.linalg.qr(rng.standard_normal((given.m, given.m)))[0]
    D = rng.standard_normal((given.m, given.n))
    plain = given.objective()
    turned = MatrixQuadratic("turned", plain.shapes, plain.spectra, plain.sides, plain.centre, (U,))
    runs = [
        simulate(f, fpft(given.step), start.ravel(), given.links, 1)
        for f, start in ((plain, D), (turned, U @ D))
    ]
    return _differ(given, runs[0].gap, runs[1].gap)


def transposition_swaps_the_sides(given: Instance) -> str:
    """The transposed problem with a right sketch is the same chain."""
    start = given.rng.standard_normal((given.m, given.n))
    left = given.objective()
    right = MatrixQuadratic(
        "right", ((given.n, given.m),), (given.spectrum,), ("right",), np.zeros(given.m * given.n)
    )
    law = given.sketch
    one = simulate(
        left, rac_lora(given.step, given.rank, "left", law), start.ravel(), given.links, 2
    )
    two = simulate(
        right, rac_lora(given.step, given.rank, "right", law), start.T.ravel(), given.links, 2
    )
    return _differ(given, one.gap, two.gap)


def _differ(given: Instance, one: Array, two: Array) -> str:
    """Say so if two computations of f(W_t) - f* differ by more than the round-off of both.

    Every link rounds W by about m n units of its size at the start, which moves f by L times that, times the
    size of W: at most so much of f_0 for every unit of L/mu.
    """
    size = float(np.max(np.abs(one[:, :1]))) * 10.0**given.condition
    allowed = 2 * float(round_off(64 * given.links * given.m * given.n, size))
    worst = float(np.max(np.abs(one - two)))
    return "" if worst <= allowed else f"values differ by {worst:.3g}, allowed {allowed:.3g}"


def scaling_scales(given: Instance) -> str:
    """f -> c f with gamma -> gamma/c, and W -> w W, scale every value exactly, c and w powers of two."""
    c, w = 2.0 ** round(given.scale), 2.0 ** round(given.size)
    rng = np.random.default_rng(given.seed)
    weights = rng.uniform(0.5, 1.0, given.m * given.n)
    centre, start = rng.standard_normal((2, given.m * given.n))
    shapes = ((given.m, given.n),)
    step, law = given.gammaL / float(weights.max()), given.sketch
    plain = simulate(EntryQuadratic("f", shapes, weights, centre), rac_lora(step, given.rank, law=law), start,
                     given.links, 2)  # fmt: skip
    other = simulate(EntryQuadratic("g", shapes, c * weights, w * centre),
                     rac_lora(step / c, given.rank, law=law), w * start, given.links, 2)  # fmt: skip
    return "" if np.array_equal(other.gap, c * w * w * plain.gap) else "the values do not scale"


def relabelled_components_change_nothing(given: Instance) -> str:
    """The order of the rows of the data moves f, its gradient and its constants by round-off only."""
    rng, N = given.rng, given.m + 3
    X, Y = rng.standard_normal((N, given.m)), rng.standard_normal((N, given.n))
    order = rng.permutation(N)
    f, g = (LinearModel("f", A, B, Squared(), 0.1) for A, B in ((X, Y), (X[order], Y[order])))
    w = rng.standard_normal(f.dim)
    size = float(np.linalg.norm(X) ** 2 * (np.linalg.norm(w) + 1) ** 2 + np.linalg.norm(Y) ** 2)
    allowed = float(round_off(64 * N * f.dim, size))
    pairs = [(f.flat_value(w), g.flat_value(w)), (f.constants.L, g.constants.L)]
    pairs += list(zip(f.flat_gradient(w), g.flat_gradient(w), strict=True))
    worst = max(abs(float(a) - float(b)) for a, b in pairs if a is not None and b is not None)
    return "" if worst <= allowed else f"differs by {worst:.3g}, allowed {allowed:.3g}"


def a_sillier_way_to_say_it_changes_nothing(given: Instance) -> str:
    """The same step in other units, every default spelled out, and a bound multiplied by one."""
    plain = given.claim("gd-pl", seeds=32)
    silly = replace(
        plain, statement="sharp", horizon=plain.steps, bound_factor=1.0,
        method=replace(plain.method, step=given.gammaL / float(given.spectrum[0]), unit="absolute",
                       side="left", options={"inner": "pseudo-inverse", "inner_steps": 1, "scale": 1.0}),
    )  # fmt: skip
    one, two = (check_claim(c, "properties") for c in (plain, silly))
    return "" if one.verdict is two.verdict else f"{one.verdict.value} and {two.verdict.value}"


def nearly_parallel_columns_give_a_projection(given: Instance) -> str:
    """H is an orthogonal projection that keeps B, however nearly dependent the columns of B are."""
    rng = given.rng
    b, c = rng.standard_normal((2, given.m, 1))
    B = np.hstack([b, b + 10.0**-given.condition * c]) * 2.0 ** round(given.scale)
    H = projection(B)
    allowed = float(round_off(64 * given.m, 1.0))
    faults = (np.abs(H @ H - H).max(), np.abs(H - H.T).max(),
              np.linalg.norm(B[:, 0] - H @ B[:, 0]) / np.linalg.norm(B[:, 0]))  # fmt: skip
    return "" if max(faults) <= allowed else f"off by {max(faults):.3g}, allowed {allowed:.3g}"


Property = Callable[[Instance], str]

PROPERTIES: dict[str, tuple[Property, str]] = {
    "exact": (no_confirmation_against_the_exact_value, "usual"),
    "never-wrong": (what_is_true_is_never_refuted, "hard"),
    "basis": (a_basis_changes_nothing, "usual"),
    "transposition": (transposition_swaps_the_sides, "usual"),
    "scaling": (scaling_scales, "scaled"),
    "relabelling": (relabelled_components_change_nothing, "usual"),
    "sillier": (a_sillier_way_to_say_it_changes_nothing, "usual"),
    "anywhere": (no_theorem_is_refuted_anywhere, "usual"),
    "two-ways": (two_ways_never_contradict, "usual"),
    "clients": (clients_may_change_places, "usual"),
    "parallel": (nearly_parallel_columns_give_a_projection, "hard"),
}
"""Every property, and the kind of instances that it is about."""


def instances(name: str, first: int, last: int) -> Iterator[Instance]:
    """Yield the instances number first, ..., last - 1 on which the property `name` is tried."""
    for k in range(first, last):
        yield instance(PROPERTIES[name][1], generator(0, "property", name, str(k)))


def try_property(name: str, first: int, last: int) -> list[dict[str, str]]:
    """Try a property on instances number first, ..., last - 1; return what broke, "" where it held.

    >>> try_property("parallel", 0, 1)[0]["broken"]
    ''
    """
    return [
        {"property": name, "broken": _broken(PROPERTIES[name][0], given), "instance": str(given)}
        for given in instances(name, first, last)
    ]


def _broken(holds: Property, given: Instance) -> str:
    try:
        return holds(given)
    except Exception as error:  # an instance that cannot be tried has broken something too
        return f"{type(error).__name__}: {error}"
