"""One contract for every registered objective."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from ractheory.assumptions import PL, Convex, Lipschitz, LowerBounded, StronglyConvex
from ractheory.objectives import Objective
from ractheory.objectives.structure import Problem
from tests.objectives.helpers import (
    EPS,
    IDS,
    VARIANTS,
    centre,
    gradient_error,
    make,
    points,
    value_error,
    work,
)


@pytest.fixture(scope="module", params=VARIANTS, ids=IDS)
def f(request: pytest.FixtureRequest) -> Objective:
    return make(request.param)


def allowance(f: Objective, assumption: object, w: np.ndarray, v: np.ndarray) -> float:
    """Round-off in `assumption.violation`, from the errors of values and gradients."""
    dg = gradient_error(f, w) + gradient_error(f, v)
    df = value_error(f, w) + value_error(f, v)
    fw, fv = f.flat_value(w), f.flat_value(v)
    g = f.flat_gradient(w)
    if isinstance(assumption, LowerBounded):
        return df / (1 + abs(assumption.fstar))
    if isinstance(assumption, (Convex, StronglyConvex)):
        return (df + dg * float(np.linalg.norm(v - w))) / (abs(fw) + abs(fv))
    if isinstance(assumption, PL):
        error = assumption.mu * df + float(np.linalg.norm(g)) * dg + dg**2
        return error / (assumption.mu * abs(fw - assumption.fstar) + float(g @ g) / 2)
    if isinstance(assumption, Lipschitz):
        return dg / assumption.G0
    return dg / (assumption.L * float(np.linalg.norm(w - v))) + work(f) * EPS  # type: ignore[attr-defined]


def test_gradient_agrees_with_differences(f: Objective) -> None:
    """|central difference - <g, d>| <= L h/2 + (round-off of f)/h, for every L-smooth f.

    A nonsmooth f is convex: its one-sided quotients enclose <g, d> for every subgradient g.
    """
    rng = np.random.default_rng(3)
    for w in points(f):
        d = rng.standard_normal(f.dim)
        d /= np.linalg.norm(d)
        slope = float(f.flat_gradient(w) @ d)
        error = value_error(f, w)
        L = f.constants.L
        h = np.sqrt(2 * error / L) if L else 1e-6
        up, here, down = (f.flat_value(w + s * d) for s in (h, 0.0, -h))
        noise = 2 * error / h + gradient_error(f, w)
        if L:
            assert abs((up - down) / (2 * h) - slope) <= L * h / 2 + noise
        else:
            assert (here - down) / h - noise <= slope <= (up - here) / h + noise


def test_every_granted_assumption_holds(f: Objective) -> None:
    for assumption in f.assumptions():
        for w, v in pairwise(points(f)):
            for a, b in ((w, v), (v, w), (w, w + 1e-3 * (v - w))):
                violation = assumption.violation(f, a, b)  # type: ignore[attr-defined]
                assert violation <= allowance(f, assumption, a, b), assumption


def test_fstar_is_attained_at_the_minimiser(f: Objective) -> None:
    c = f.constants
    if c.minimiser is None:
        # Without a known minimiser f* can still be a proved infimum only if nothing attains it.
        assert not c.fstar_is_exact or c.pl is None
        return
    assert c.fstar_is_exact
    assert abs(f.flat_value(c.minimiser) - c.fstar) <= value_error(f, c.minimiser)
    assert f.flat_gap(c.minimiser) <= value_error(f, c.minimiser)
    if c.L:
        assert np.linalg.norm(f.flat_gradient(c.minimiser)) <= gradient_error(f, c.minimiser)


def test_gap_agrees_with_value(f: Objective) -> None:
    for w in points(f):
        assert abs(f.flat_gap(w) - (f.flat_value(w) - f.constants.fstar)) <= value_error(f, w)


def test_components_average_to_the_whole(f: Objective) -> None:
    w = points(f)[1]
    mean = np.mean([f.flat_component_gradient(i, w) for i in range(f.components)], axis=0)
    assert np.linalg.norm(mean - f.flat_gradient(w)) <= 2 * gradient_error(f, w)


def test_component_lower_bounds(f: Objective) -> None:
    bounds = f.component_lower_bounds()
    assert bounds.shape == (f.components,)
    # mean f_i* <= f*, with room for the round-off of f*.
    assert (
        bounds.mean() <= f.constants.fstar + value_error(f, centre(f))
        or not f.constants.fstar_is_exact
    )


def test_value_and_gradient_take_matrices(f: Objective) -> None:
    w = points(f)[0]
    blocks = f.split(w)
    assert tuple(b.shape for b in blocks) == f.shapes
    assert f.value(*blocks) == f.flat_value(w)
    g = f.gradient(*blocks)
    parts = g if isinstance(g, tuple) else (g,)
    assert np.array_equal(np.concatenate([p.ravel() for p in parts]), f.flat_gradient(w))


def test_compiled_form_is_plain_arrays(f: Objective) -> None:
    problem = f.problem()
    assert isinstance(problem, Problem)
    assert problem.blocks.dtype == np.int64
    assert [tuple(row[1:3]) for row in problem.blocks] == list(f.shapes)
    for a in (problem.X, problem.Y, problem.Z):
        assert a.dtype == np.float64
        assert a.ndim == 2
        assert a.flags.c_contiguous
        assert a.flags.writeable
    assert problem.scalars[0] == f.constants.fstar


def test_the_contract_notices_planted_errors(f: Objective) -> None:
    """A gradient off by 0.1 percent and an f* above a value are seen by the same checks."""
    rng = np.random.default_rng(3)
    seen = False
    for w in points(f):
        d, error = f.flat_gradient(w), value_error(f, w)
        size = float(np.linalg.norm(d))
        L = f.constants.L
        h = np.sqrt(2 * error / L) if L else 1e-6
        seen |= 1e-3 * size > ((L or 0.0) * h / 2 + 2 * error / h + gradient_error(f, w))
    assert seen
    w = centre(f) + 1e-3 * rng.standard_normal(f.dim)
    above = f.with_constants(fstar=f.flat_value(w) + 1.0)
    bound = LowerBounded(above.constants.fstar)
    assert bound.violation(above, w, w) > allowance(above, bound, w, w)
