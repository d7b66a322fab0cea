"""The simulation interface: the same bits however the seeds are cut, and clear refusals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from ractheory.engine.moments import SEEDS_AT_ONCE, simulate_moments
from ractheory.engine.run import Run
from ractheory.engine.simulate import simulate
from ractheory.engine.transcription import transcribe
from ractheory.errors import UsageError
from ractheory.methods import AdamW, ExactLink, Method, Trains, cola, fpft, lora, rac_lora
from ractheory.objectives import Constants, Objective, objective

EPS = float(np.finfo(float).eps)

METHODS = [
    fpft(0.05),
    rac_lora(0.05),
    rac_lora(0.05, 2, "bernoulli"),
    rac_lora(0.05, side="right", inner=ExactLink()),
    lora(0.01),
    cola(0.01, inner_steps=2),
]


def same(a: Run, b: Run) -> bool:
    names = ("gap", "grad_sq", "step_sq", "diverged_at", "final")
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in names)


@pytest.mark.parametrize("method", METHODS, ids=lambda m: f"{m.name}-{m.trains}-{m.rank}")
def test_bits_do_not_depend_on_threads_or_other_seeds(method: Method) -> None:
    f = objective("counterexample")
    start = np.ones(f.dim)
    runs = [simulate(f, method, start, 30, 13, threads=k) for k in (1, 2, 5)]
    assert same(runs[0], runs[1])
    assert same(runs[0], runs[2])
    part = simulate(f, method, start, 30, range(4, 6), threads=1)
    assert np.array_equal(part.gap, runs[0].gap[4:6])
    assert np.array_equal(part.final, runs[0].final[4:6])
    shorter = simulate(f, method, start, 7, 3)
    assert np.array_equal(shorter.gap, runs[0].gap[:3, :8])


def test_streams_and_seeds_differ() -> None:
    f = objective("counterexample")
    run = simulate(f, rac_lora(0.05), np.ones(f.dim), 3, 20)
    assert len(set(run.gap[:, 3])) == 20
    other = simulate(f, rac_lora(0.05), np.ones(f.dim), 3, 20, stream="another")
    assert not np.any(other.gap[:, 3] == run.gap[:, 3])


def test_one_start_a_seed() -> None:
    f = objective("counterexample")
    starts = np.random.default_rng(0).standard_normal((3, f.dim))
    run = simulate(f, fpft(0.01), starts, 1, 3)
    assert np.allclose(run.gap[:, 0], [f.flat_gap(w) for w in starts], rtol=1e-13)


@dataclass(frozen=True)
class Quartic(Objective):
    """sum w^4 / 4, which no kernel knows."""

    name = "quartic"
    shapes = ((2, 2),)
    constants = Constants(fstar=0.0, convex=True)

    def flat_value(self, w: np.ndarray) -> float:
        return float(np.sum(w**4) / 4)

    def flat_gradient(self, w: np.ndarray) -> np.ndarray:
        return np.asarray(w**3)


def test_objective_without_a_compiled_form_is_transcribed() -> None:
    arguments = (Quartic(), rac_lora(0.1), np.ones(4), 5, 2)
    assert same(simulate(*arguments), transcribe(*arguments))


@pytest.mark.parametrize(
    ("name", "method", "change", "word"),
    [
        ("counterexample", rac_lora(0.1), {"start": np.ones(4)}, "start"),
        ("counterexample", rac_lora(0.1), {"links": 0}, "steps"),
        ("counterexample", rac_lora(0.1), {"seeds": 0}, "seeds"),
        ("counterexample", rac_lora(0.1, 4), {}, "rank"),
        ("sine", rac_lora(0.1, inner=ExactLink()), {}, "quadratic"),
        ("counterexample", Method("x", 0.1, Trains.FULL, inner=AdamW()), {}, "fine-tuning"),
    ],
)
def test_bad_input_is_refused(
    name: str, method: Method, change: dict[str, object], word: str
) -> None:
    f = objective(name)
    arguments = {"start": np.zeros(f.dim), "links": 2, "seeds": 2} | change
    with pytest.raises(UsageError, match=word):
        simulate(f, method, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", [rac_lora(0.05, side="right"), lora(0.01)], ids=lambda m: m.name)
@pytest.mark.parametrize("seeds", [5, 131])
def test_moments_are_those_of_the_runs(method: Method, seeds: int) -> None:
    f = objective("entry-weights", m=3, n=2)
    run = simulate(f, method, np.ones(f.dim), 9, seeds)
    moments = simulate_moments(f, method, np.ones(f.dim), 9, seeds, threads=1)
    for row, record in enumerate((run.gap, run.grad_sq, run.step_sq)):
        mean = moments.mean[row, : record.shape[1]]
        # Sums of positive numbers in another order, and squares about a mean that is off by eps.
        assert np.all(np.abs(mean / record.mean(axis=0) - 1) <= seeds * EPS)
        variance = record.var(axis=0, ddof=1)
        allowed = 4 * seeds * EPS * (variance + record.max(axis=0) ** 2)
        assert np.all(np.abs(moments.variance[row, : record.shape[1]] - variance) <= allowed)
    again = simulate_moments(f, method, np.ones(f.dim), 9, seeds, threads=3)
    assert np.array_equal(again.mean, moments.mean, equal_nan=True)
    lean = simulate_moments(f, method, np.ones(f.dim), 9, seeds, gradients=False)
    # A link rounds 1/|b|^2 in another way, so that f of positive terms is off by a few eps a link.
    assert np.all(np.abs(lean.gap / moments.gap - 1) <= 64 * 10 * EPS)
    assert np.all(np.isnan(lean.mean[1:]))


def test_moments_of_many_parts_do_not_depend_on_threads() -> None:
    f = objective("counterexample")
    arguments = (f, rac_lora(0.05), np.zeros(f.dim), 5, 2 * SEEDS_AT_ONCE + 77)
    runs = [simulate_moments(*arguments, threads=k, gradients=False) for k in (1, 2, 3)]
    assert all(np.array_equal(run.mean, runs[0].mean, equal_nan=True) for run in runs)
    assert all(np.array_equal(run.variance, runs[0].variance, equal_nan=True) for run in runs)
    gaps = simulate(*arguments).gap
    seeds = len(gaps)
    assert np.all(np.abs(runs[0].gap / gaps.mean(axis=0) - 1) <= seeds * EPS)


@pytest.mark.parametrize("step", [0.05, 5.0])
@pytest.mark.parametrize("gradients", [True, False])
def test_moments_count_diverged_runs(step: float, gradients: bool) -> None:
    f = objective("counterexample")
    method = rac_lora(step)
    run = simulate(f, method, np.ones(f.dim), 400, 130)
    moments = simulate_moments(f, method, np.ones(f.dim), 400, 130, gradients=gradients)
    t = np.arange(401)
    gone = (run.diverged_at >= 0) & (run.diverged_at <= t[:, None])
    assert np.array_equal(moments.diverged, gone.sum(axis=1))
    assert np.array_equal(np.isinf(moments.gap), moments.diverged > 0)
    assert (moments.diverged[-1] > 0) == (step > 0.1)
