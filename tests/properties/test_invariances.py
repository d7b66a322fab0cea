"""Properties of the whole simulation, on instances drawn over objectives, sketches, ranks and steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ractheory.engine.simulate import Run, simulate
from ractheory.evidence import round_off
from ractheory.laws import Coordinates, Haar, Law, Rademacher
from ractheory.methods import Method, asymlora, cola, fpft, rac_lora
from ractheory.objectives.quadratic import EntryQuadratic, MatrixQuadratic

LINKS, SEEDS = 12, 3

sizes = st.tuples(st.integers(1, 6), st.integers(1, 6))
steps = st.sampled_from([0.1, 0.5, 1.0, 1.5, 1.9])
numbers = st.integers(0, 2**16)


@st.composite
def chains(draw: st.DrawFn) -> tuple[EntryQuadratic, np.ndarray, Method]:
    """An entry-weighted quadratic, a start, and a pseudo-inverse chain with an admissible step."""
    m, n = draw(sizes)
    rng = np.random.default_rng(draw(numbers))
    weights = rng.uniform(0.0, 3.0, m * n) + 0.01
    f = EntryQuadratic("random", ((m, n),), weights, rng.normal(size=m * n))
    side = draw(st.sampled_from(["left", "right"]))
    d = m if side == "left" else n
    rank = draw(st.integers(1, d))
    law: Law = draw(st.sampled_from([Haar(rank), Coordinates(rank), Rademacher(min(rank, 2))]))
    method = rac_lora(draw(steps) / f.constants.L, rank=rank, side=side, law=law)
    return f, rng.normal(size=m * n) * 2, method


def allowance(f: EntryQuadratic, run: Run) -> np.ndarray:
    """Round-off of f(W_t) - fstar: a sum of dim terms, at a point rounded LINKS times.

    A relative error of LINKS * dim units in W moves f by at most its gradient times that, plus half L
    times its square; |W| and the gradient are bounded through the start.
    """
    size = np.abs(run.final).max() + np.abs(f.centre).max() + np.sqrt(run.gap[:, :1].max() + 1.0)
    shift = float(round_off(64 * LINKS * f.dim, size * np.sqrt(f.dim)))
    L = f.constants.L or 0.0
    return np.asarray(
        round_off(64 * f.dim, np.abs(run.gap)) + np.sqrt(2 * L * run.gap) * shift + L * shift**2
    )


@given(chains())
def test_every_link_descends(chain: tuple[EntryQuadratic, np.ndarray, Method]) -> None:
    f, start, method = chain
    run = simulate(f, method, start, LINKS, SEEDS)
    L = f.constants.L
    assert L is not None
    decrease = method.step * (1 - method.step * L / 2) * run.step_sq
    slack = run.gap[:, :-1] - decrease - run.gap[:, 1:]
    allowed = allowance(f, run)
    assert np.all(slack >= -allowed[:, :-1] - allowed[:, 1:])


@given(chains(), st.sampled_from([2.0**-40, 0.25, 8.0, 2.0**40]))
def test_scaling_f_and_its_step_scales_the_run_exactly(
    chain: tuple[EntryQuadratic, np.ndarray, Method], scale: float
) -> None:
    """Powers of two scale without rounding: f -> c f with gamma -> gamma / c gives c f(W_t), bit for bit."""
    f, start, method = chain
    scaled = EntryQuadratic("scaled", f.shapes, f.weights * scale, f.centre)
    plain = simulate(f, method, start, LINKS, SEEDS)
    other = simulate(scaled, replace(method, step=method.step / scale), start, LINKS, SEEDS)
    assert np.array_equal(other.gap, scale * plain.gap)
    assert np.array_equal(other.final, plain.final)


@given(chains(), st.sampled_from([2.0**-20, 4.0]))
def test_scaling_w_scales_the_run_exactly(
    chain: tuple[EntryQuadratic, np.ndarray, Method], scale: float
) -> None:
    f, start, method = chain
    scaled = EntryQuadratic("scaled", f.shapes, f.weights, f.centre * scale)
    plain = simulate(f, method, start, LINKS, SEEDS)
    other = simulate(scaled, method, start * scale, LINKS, SEEDS)
    assert np.array_equal(other.gap, scale**2 * plain.gap)


@given(sizes, st.data())
def test_transposition_swaps_left_and_right(size: tuple[int, int], data: st.DataObject) -> None:
    m, n = size
    rng = np.random.default_rng(data.draw(numbers))
    spectrum = np.sort(rng.uniform(0.1, 2.0, m))[::-1]
    centre, start = rng.normal(size=(m, n)), rng.normal(size=(m, n))
    rank = data.draw(st.integers(1, m))
    left = MatrixQuadratic("left", ((m, n),), (spectrum,), ("left",), centre.ravel())
    right = MatrixQuadratic("right", ((n, m),), (spectrum,), ("right",), centre.T.ravel())
    gamma = data.draw(steps) / spectrum[0]
    one = simulate(left, rac_lora(gamma, rank), start.ravel(), LINKS, SEEDS)
    two = simulate(right, rac_lora(gamma, rank, "right"), start.T.ravel(), LINKS, SEEDS)
    tolerance = round_off(1000 * LINKS * m * n, one.gap[:, :1])
    assert np.all(np.abs(one.gap - two.gap) <= tolerance)


@given(sizes, numbers)
def test_a_sketch_of_full_rank_is_gradient_descent(size: tuple[int, int], number: int) -> None:
    m, n = size
    rng = np.random.default_rng(number)
    f = EntryQuadratic("f", ((m, n),), rng.uniform(0.5, 2.0, m * n), rng.normal(size=m * n))
    start = rng.normal(size=m * n)
    gamma = 1.0 / float(f.constants.L or 1.0)
    chain = simulate(f, rac_lora(gamma, rank=m), start, LINKS, SEEDS)
    plain = simulate(f, fpft(gamma), start, LINKS, 1)
    tolerance = round_off(1000 * LINKS * m * n, plain.gap[:, :1])
    assert np.all(np.abs(chain.gap - plain.gap) <= tolerance)


@given(sizes, numbers, st.integers(1, 4))
def test_adapters_of_rank_r_move_w_within_rank_r(
    size: tuple[int, int], number: int, links: int
) -> None:
    """Without a merge W_T - W_0 has rank at most r; with one, at most T r."""
    m, n = size
    rng = np.random.default_rng(number)
    f = EntryQuadratic("f", ((m, n),), rng.uniform(0.5, 2.0, m * n), rng.normal(size=m * n))
    start = rng.normal(size=m * n)
    for method, bound in ((asymlora(0.05), 1), (cola(0.05), links), (rac_lora(0.3), links)):
        run = simulate(f, method, start, links, 1)
        moved = (run.final[0] - start).reshape(m, n)
        # Entries of W carry a round-off of a few links; singular values move by at most its norm.
        noise = round_off(100 * links * m * n, np.abs(run.final).max() + np.abs(start).max() + 1.0)
        assert np.sum(np.linalg.svd(moved, compute_uv=False) > noise) <= bound
