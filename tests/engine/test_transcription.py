"""The kernels against the update rules as printed.

On a quadratic a projected step of length at most 2/L does not expand the norm of its Hessian, so the round-off
of the links adds up and whole runs are compared. Elsewhere one link is compared, from many states.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ractheory import vectors
from ractheory.compiled import njit
from ractheory.engine import factors, spectral
from ractheory.engine.run import Run
from ractheory.engine.simulate import simulate
from ractheory.engine.transcription import Draws, Factored, transcribe
from ractheory.laws import Frozen, Importance
from ractheory.methods import AdamW, ExactLink, Method, Plain, asymlora, cola, fpft, lora, rac_lora
from ractheory.objectives import Objective, objective
from ractheory.objectives.structure import Family
from tests.engine.helpers import frame, projected_methods, sketch_condition, step_error
from tests.objectives.helpers import EPS, VARIANTS, gradient_error, make, value_error

STREAM = "kernels against the transcription"
LINKS, SEEDS = 4, 1

QUADRATICS = [
    ("counterexample", {}),
    ("entry-weights", {"m": 4, "n": 2, "spectrum": "power"}),
    ("spectrum-left", {"m": 4, "n": 3, "spectrum": [3.0, 1.0, 0.5, 0.25], "rotate": True}),
    ("spectrum-right", {"m": 2, "n": 4, "spectrum": [3.0, 1.0, 1.0, 0.5], "rotate": True}),
    ("quadratic-blocks", {}),
    ("ridge-synthetic", {"m": 9, "n": 5, "N": 20}),
    ("least-squares-under", {"m": 5, "n": 2, "N": 3}),
]


def both(
    f: Objective, method: Method, start: np.ndarray, links: int, seeds: int
) -> tuple[Run, Run]:
    arguments = (f, method, start, links, seeds, STREAM)
    return simulate(*arguments), transcribe(*arguments, frame=frame(f, method))


def close(got: np.ndarray, expected: np.ndarray, allowed: np.ndarray) -> None:
    assert np.all(np.abs(got - expected) <= allowed)


def compare_link(f: Objective, run: Run, plain: Run, seed: int, t: int, error: float) -> None:
    """Compare the records after t links, given the error of W in the Hessian's norm over sqrt(L)."""
    L = f.constants.L
    assert L is not None
    w = plain.final[seed]
    gap, grad = plain.gap[seed, t], np.sqrt(plain.grad_sq[seed, t])
    df = value_error(f, w) + grad * error + L * error**2 / 2
    dg = gradient_error(f, w) + L * error
    close(run.gap[seed, t], gap, df)
    close(run.grad_sq[seed, t], grad**2, 2 * grad * dg + dg**2 + f.dim * EPS * grad**2)


@pytest.mark.parametrize("case", QUADRATICS, ids=lambda case: case[0])
@pytest.mark.parametrize("gammaL", [1.0, 1.9])
def test_runs_on_quadratics(case: tuple[str, dict[str, object]], gammaL: float) -> None:
    f = objective(case[0], **case[1])
    L = f.constants.L
    assert L is not None
    start = np.random.default_rng(1).standard_normal(f.dim)
    rank = min(2, *(min(shape) for shape in f.shapes))
    methods = [fpft(gammaL / L), *projected_methods(gammaL / L, rank, f.shapes)]
    ranks = {1, *(d for shape in f.shapes for d in shape if len(f.shapes) == 1)}
    for r in ranks:  # up to full rank on either side
        sides = [s for s, d in (("left", f.shapes[0][0]), ("right", f.shapes[0][1])) if r <= d]
        methods += [rac_lora(gammaL / L, r, side) for side in sides]
    if f.problem().family < Family.SQUARED:  # type: ignore[union-attr]
        methods += [rac_lora(1.0, rank, side, inner=ExactLink()) for side in ("left", "bernoulli")]
    methods += [rac_lora(gammaL / L, law=Frozen(rank), side="right")]
    for method in methods:
        run, plain = both(f, method, start, LINKS, SEEDS)
        assert np.array_equal(run.diverged_at, plain.diverged_at)
        for seed in range(SEEDS):
            condition = sketch_condition(f, method, STREAM, seed, LINKS)
            error, one, basis = 0.0, range(seed, seed + 1), frame(f, method)
            for t in range(LINKS + 1):
                at_t = transcribe(f, method, start, t, one, STREAM, basis) if t else plain
                w = at_t.final[0] if t else start
                compare_link(f, run, _only(plain, seed, w), seed, t, error)
                error += method.inner.steps * step_error(f, method, w, condition)
            assert np.linalg.norm(run.final[seed] - plain.final[seed]) <= error * np.sqrt(
                L / f.constants.pl if f.constants.strong else np.inf
            )


def _only(plain: Run, seed: int, w: np.ndarray) -> Run:
    return replace(plain, final=np.tile(w, (plain.seeds, 1)))


SMOOTH = [v for v in VARIANTS if v[0] not in ("softmax-digits", "two-layer-digits")]


@pytest.mark.parametrize("case", SMOOTH, ids=lambda case: f"{case[0]}-{len(case[1])}")
def test_one_link_from_many_states(case: tuple[str, dict[str, object]]) -> None:
    """Every compiled family, one projected step from a different state for each seed."""
    f = make(case)
    if f.problem() is None:
        pytest.skip("no compiled form: the transcription runs it")
    seeds = 4
    states = np.random.default_rng(2).standard_normal((seeds, f.dim))
    step = 1.0 / (f.constants.L or 1.0)
    for method in (fpft(step), rac_lora(step), rac_lora(step, side="right")):
        run, plain = both(f, method, states, 1, seeds)
        for seed, w in enumerate(states):
            condition = sketch_condition(f, method, STREAM, seed, 1)
            error = step_error(f, method, w, condition)
            assert np.linalg.norm(run.final[seed] - plain.final[seed]) <= error
            close(run.gap[seed, 0], f.flat_gap(w), np.array(2 * value_error(f, w)))
            g = float(np.linalg.norm(f.flat_gradient(w)))
            square = 2 * g * (gradient_error(f, w) + step_error(f, method, w, condition) / step)
            close(run.grad_sq[seed, 0], g * g, np.array(square + f.dim * EPS * g * g))
            close(
                run.step_sq[seed, 0], plain.step_sq[seed, 0], np.array(square + f.dim * EPS * g * g)
            )


@pytest.mark.parametrize(
    "shape", [{}, {"m": 4, "n": 3, "N": 61}, {"m": 9, "n": 5, "N": 33}], ids=str
)
@pytest.mark.parametrize("rank", [1, 2])
def test_softmax_without_gradients(shape: dict[str, int], rank: int) -> None:
    """A step of length 1/L at most doubles an error, and adds its own."""
    f = objective("softmax-synthetic", **shape)
    assert f.constants.L is not None
    method = rac_lora(1 / f.constants.L, rank)
    start, links = 10 * np.random.default_rng(4).standard_normal(f.dim), 9
    run = simulate(f, method, start, links, 2, STREAM, gradients=False)
    assert np.all(np.isnan(run.grad_sq))
    for seed in range(2):
        condition = sketch_condition(f, method, STREAM, seed, links)
        error, w = 0.0, start
        for t in range(links + 1):
            g = np.linalg.norm(f.flat_gradient(w))
            allowed = 2 * value_error(f, w) + g * error + f.constants.L * error**2
            close(run.gap[seed, t], f.flat_gap(w), allowed)
            if t == links:
                break
            # B^T B squares the condition of B.
            own = step_error(f, method, w, condition**2)
            plain = transcribe(f, method, start, t + 1, range(seed, seed + 1), STREAM)
            slack = (own + error) / method.step
            close(run.step_sq[seed, t], plain.step_sq[0, t], 2 * g * slack + slack**2)
            error, w = 2 * error + own, plain.final[0]
        assert np.linalg.norm(run.final[seed] - w) <= error


SPECTRAL = [
    case
    for case in QUADRATICS
    if case[0] not in ("counterexample", "entry-weights", "quadratic-blocks")
]


@pytest.mark.parametrize("case", SPECTRAL, ids=lambda case: case[0])
@pytest.mark.parametrize("gammaL", [1.0, 1.9])
def test_links_at_once(case: tuple[str, dict[str, object]], gammaL: float) -> None:
    """Without gradients several links are made at once: the same runs, and f to its own round-off.

    In the norm of the Hessian the round-offs of the links add up; f, followed from sketch to sketch, is summed anew
    before what its largest value has left is 1/FALL times as large.
    """
    f = objective(case[0], **case[1])
    L, links = f.constants.L, 45
    assert L is not None
    start = np.random.default_rng(6).standard_normal(f.dim)
    for rank in (1, 2, min(min(shape) for shape in f.shapes)):
        method = rac_lora(gammaL / L, rank, "right" if case[0] == "spectrum-right" else "left")
        run = simulate(f, method, start, links, 2, STREAM, gradients=False)
        plain = transcribe(f, method, start, links, 2, STREAM, frame(f, method))
        own = [
            step_error(f, method, start, sketch_condition(f, method, STREAM, seed, links) ** 2)
            for seed in range(2)
        ]
        error = np.arange(1, links + 2) * np.array(own)[:, None]
        root = np.sqrt(2 * L * plain.gap)
        followed = 64 * spectral.PASSES * spectral.COLUMNS_AT_ONCE * EPS * plain.gap
        close(run.gap, plain.gap, root * error + L * error**2 + followed)
        slack = L * error[:, :-1] + 64 * EPS * root[:, :-1]
        close(run.step_sq, plain.step_sq, 2 * root[:, :-1] * slack + slack**2)


def test_a_sudden_fall_of_f_is_followed() -> None:
    """In two dimensions at kappa = 1 every link projects: f falls by many decades, some in one link.

    A row of F keeps what a link leaves of it to eps of what it was, and every later link shrinks both.
    """
    f = objective("spectrum-left", m=2, n=1, spectrum=[1.0, 1.0], rotate=True)
    links, seeds = 60, 40
    method, start = rac_lora(1.0), np.ones(f.dim)
    run = simulate(f, method, start, links, seeds, STREAM, gradients=False)
    exact = np.array([_projections(f, method, start, seed, links) for seed in range(seeds)])
    assert np.min(exact[:, 1:] / exact[:, :-1]) < spectral.FALL**2
    worst = np.maximum.accumulate(1 / np.sqrt(exact[:, 1:] / exact[:, :-1]), axis=1)
    assert np.all(np.abs(run.gap[:, 1:] / exact[:, 1:] - 1) <= 64 * links * EPS * worst)


def _projections(f: Objective, method: Method, w: np.ndarray, seed: int, links: int) -> np.ndarray:
    """Return f after each link: the sine of the angle between the column and what the last one left, squared."""
    assert f.constants.minimiser is not None
    draws, U = Draws(method, STREAM, seed), frame(f, method)
    assert U is not None
    D = U.T @ (w - f.constants.minimiser)
    gaps = [0.5 * D @ D]
    for t in range(links):
        b = draws.factor(t, 0, 2)[:, 0]
        normal = np.array([-b[1], b[0]]) / np.linalg.norm(b)
        D = normal * (normal @ D)
        gaps.append(0.5 * D @ D)
    return np.array(gaps)


def test_vector_exponential() -> None:
    x = -np.concatenate(
        [np.linspace(0, 1, 400), np.geomspace(1, 699, 400), [700.0, 800.0, np.inf, 0]]
    )
    out = exp_of(x)
    # Fourteen terms of which the first dominates, and two roundings of the reduced argument.
    assert np.all(np.abs(out / np.exp(np.maximum(x, -700.0)) - 1) <= 4 * EPS)


@njit()
def exp_of(x: np.ndarray) -> np.ndarray:
    out = np.empty_like(x)
    for i in range(0, x.size, vectors.WIDTH):
        vectors.store(out, i, vectors.exp(vectors.load(x, i)))
    return out


@pytest.mark.parametrize("rank", [2, 3, 8])
@pytest.mark.parametrize("spread", [1.0, 1e-5])
def test_ill_conditioned_factors_are_orthogonalised(rank: int, spread: float) -> None:
    """An inverse of B^T B that has lost its accuracy is not used."""
    rng = np.random.default_rng(5)
    d, w = 8, factors.padded(rank)
    B = rng.standard_normal(d) + spread * rng.standard_normal((rank, d))
    flat, G, S = B.ravel().copy(), np.zeros(rank * w), np.zeros(rank * w)
    scratch = np.zeros(2 * rank * w), np.empty((d, rank)), np.empty((rank, d))
    factors.grams_and_inverses(flat, 0, d, d, rank, rank, G, S, w, *scratch)
    Q, G, S = flat.reshape(rank, d), G.reshape(rank, w)[:, :rank], S.reshape(rank, w)[:, :rank]
    if spread == 1.0:
        condition = np.linalg.cond(B) ** 2
        assert np.array_equal(Q, B)
        assert np.abs(S @ B @ B.T - np.eye(rank)).max() <= 16 * d * EPS * condition
        assert np.abs(G - B @ B.T).max() <= d * EPS * np.abs(B @ B.T).max()
    else:
        assert np.array_equal(S, np.eye(rank))
        assert np.abs(Q @ Q.T - np.eye(rank)).max() <= 16 * d * rank * EPS
        assert np.abs(B - B @ Q.T @ Q).max() <= 16 * d * rank * EPS * np.abs(B).max() * d


def factored_methods(f: Objective) -> list[Method]:
    eta = 0.3 / (f.constants.L or 1.0)
    adam = AdamW(2, weight_decay=0.1)
    return [
        lora(eta, scale=0.7, initial_std=0.5, inner=Plain(2)),
        lora(eta, gaussian_is_A=False),
        lora(0.01, inner=AdamW(weight_decay=0.1)),
        cola(eta, inner_steps=2),
        asymlora(eta),
        asymlora(eta, side="right", inner=AdamW()),
        rac_lora(eta, side="bernoulli", inner=Plain(2)),
        rac_lora(0.01, side="left", inner=replace(adam, reset=False)),
    ]


@pytest.mark.parametrize(
    "case", [QUADRATICS[0], QUADRATICS[4], ("softmax-synthetic", {})], ids=lambda case: case[0]
)
def test_factored_link(case: tuple[str, dict[str, object]]) -> None:
    f = objective(case[0], **case[1])
    states = np.random.default_rng(3).standard_normal((3, f.dim))
    for method in factored_methods(f):
        run, plain = both(f, method, states, 1, len(states))
        for seed, w in enumerate(states):
            allowed = factored_error(f, method, w, seed)
            assert np.linalg.norm(run.final[seed] - plain.final[seed]) <= allowed
            total = plain.step_sq[seed, 0]
            close(run.step_sq[seed, 0], total, np.array(2 * allowed * np.sqrt(total) / method.step))


def factored_error(f: Objective, method: Method, w: np.ndarray, seed: int) -> float:
    """Bound the difference of W after the inner steps of one link from w.

    With e the error of the factors, V their norm and E = 2 s V e that of W, a slope is off by
    d = s V (error of G + L E) + s |G| e + roundings of s V |G|. A gradient step adds eta d to e; a
    direction m/sqrt(v) of AdamW is off by at most d (1 + |direction|)/sqrt(v), plus its roundings.
    """
    s, L = method.scale, f.constants.L or 1.0
    error = 0.0
    sizes, slopes, G = _along(f, method, w, seed)
    units = ROUNDINGS_OF_A_SLOPE * max(max(shape) for shape in f.shapes) * EPS
    V = max(sizes) + method.inner.steps * method.step * max(np.linalg.norm(x) for x in slopes)
    for _ in range(method.inner.steps):
        W_error = 2 * s * V * error + s * error**2 + units * (s * V * V + np.linalg.norm(w))
        slope_error = (
            s * V * (gradient_error(f, w) + L * W_error) + s * G * error + units * s * V * G
        )
        if isinstance(method.inner, AdamW):
            smallest = min(np.abs(x).min() for x in slopes)
            b1, b2 = method.inner.beta1, method.inner.beta2
            root = smallest * np.sqrt((1 - b2) / (1 - b2**method.inner.steps))
            largest = max(np.abs(x).max() for x in slopes) / root
            entries = np.sqrt(slopes[0].size)
            direction = entries * (
                (1 + largest) * slope_error / root + 8 * EPS * largest / (1 - b1)
            )
            error += method.step * (direction + method.inner.weight_decay * error)
        else:
            error += method.step * slope_error
        error += units * V
    return float(2 * s * V * error + s * error**2 + units * (s * V * V + np.linalg.norm(w)))


ROUNDINGS_OF_A_SLOPE = 16
"""Roundings of one entry of s B^T G and of s B A, per entry of the inner product."""


def _along(
    f: Objective, method: Method, w: np.ndarray, seed: int
) -> tuple[list[float], list[np.ndarray], float]:
    """Return the norms of the factors, the slopes and the largest gradient over the inner steps."""
    sizes, slopes, gradients = [], [], []
    at = w
    for steps in range(method.inner.steps):
        inner = replace(method.inner, steps=max(steps, 1))
        link = Factored(f, Draws(replace(method, inner=inner), STREAM, seed))
        if steps == 0:
            link.merge_and_redraw(0, w)
        else:
            at, _ = link.advance(0, w)
        G = f.flat_gradient(at)
        sizes.append(float(np.linalg.norm(np.concatenate([x.ravel() for x in (*link.A, *link.B)]))))
        slope = np.concatenate([x.ravel() for x in link.slopes(f.split(G)).values()])
        slopes.append(slope[slope != 0.0])
        gradients.append(float(np.linalg.norm(G)))
    return sizes, slopes, max(gradients)


def test_divergence_is_recorded_alike() -> None:
    f = objective("counterexample")
    run, plain = both(f, fpft(1.0), np.ones(f.dim), 60, 2)
    assert np.array_equal(run.diverged_at, plain.diverged_at)
    t = int(run.diverged_at[0])
    assert 0 < t < 60
    assert np.all(np.isinf(run.gap[:, t:]))
    assert np.all(np.isinf(run.step_sq[:, t:]))
    assert np.all(np.isfinite(run.gap[:, :t]))
    # Every step of a diagonal quadratic multiplies an entry: each rounding is relative.
    assert np.allclose(run.gap[:, :t], plain.gap[:, :t], rtol=8 * t * EPS, atol=0.0)


def test_importance_and_frozen_sides() -> None:
    f = objective("counterexample")
    for law in (Importance((0.5, 0.25, 0.25)), Frozen(1)):
        method = rac_lora(0.05, law=law, side="bernoulli")
        run, plain = both(f, method, np.ones(f.dim), 5, 3)
        bound = 5 * step_error(f, method, np.ones(f.dim), 1.0) * 20
        assert np.abs(run.final - plain.final).max() <= bound
