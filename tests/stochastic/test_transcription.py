"""The kernel of the further methods against the methods as printed, component by component.

A run makes n gradient steps of length at most `step`, each of which multiplies an error of its state by at
most 1 + a, a = c step L (c gradients of components that are L-Lipschitz enter it), and adds a round-off r. So
two codes drift apart by at most n (1 + a)^n r.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from ractheory.engine.run import Run
from ractheory.engine.simulate import simulate
from ractheory.engine.transcription_stochastic import transcribe_extended
from ractheory.laws import Coordinates
from ractheory.method import Method
from ractheory.methods import fpft
from ractheory.objectives import Objective, objective
from ractheory.objectives.losses import Absolute, Hinge, Softmax, Squared
from ractheory.oracles import AdditiveNoise, LocalEpochs, MiniBatch
from tests.engine.helpers import sketch_condition
from tests.objectives.helpers import gradient_error, value_error
from tests.stochastic.helpers import EPS, component_L, component_size, logistic, named, small_sum

STREAM, LINKS, SEEDS = "further methods", 4, 2
BLOCKS = small_sum(Squared(), ridge=0.2, row_groups=(3, 1))
SOFTMAX = small_sum(Softmax(), c=3, ridge=0.1)
RATIO = small_sum(Squared(), ratio=0.2)
SUMS = {"blocks": BLOCKS, "softmax": SOFTMAX, "ratio": RATIO, "logistic": logistic()}


@dataclass(frozen=True)
class Pair:
    """A run of the kernel and of the transcription, and how far they may be apart in W."""

    f: Objective
    run: Run
    plain: Run
    allowed: list[float]


def both(
    f: Objective, method: Method, step: float, evaluations: int, enter: int, start: np.ndarray
) -> Pair:
    """Run both codes; `evaluations` gradient steps of length `step` a link, `enter` gradients in each."""
    run = simulate(f, method, start, LINKS, SEEDS, STREAM)
    plain = transcribe_extended(f, method, start, LINKS, SEEDS, STREAM)
    assert np.all(run.diverged_at == -1)
    allowed = []
    for seed in range(SEEDS):
        reach = float(np.linalg.norm(start) + np.linalg.norm(plain.final[seed] - start))
        size = component_size(f, 2 * reach * np.ones(f.dim))
        condition = sketch_condition(f, method, STREAM, seed, LINKS)
        rounding = 32 * (f.dim + f.components) * EPS * (enter * condition * step * size + 2 * reach)
        n, a = evaluations * LINKS, enter * step * component_L(f)
        allowed.append(n * (1 + a) ** n * rounding)
    return Pair(f, run, plain, allowed)


def compare(pair: Pair) -> None:
    """W within what is allowed; f, |G|^2 and |H G|^2 within what that makes of them."""
    f, L = pair.f, component_L(pair.f)
    G0 = f.constants.lipschitz or 0.0
    for seed, e in enumerate(pair.allowed):
        run, plain, w = pair.run, pair.plain, pair.plain.final[seed]
        assert np.linalg.norm(run.final[seed] - w) <= e
        g = np.sqrt(plain.grad_sq[seed].max())
        value = 2 * value_error(f, np.abs(w) + np.abs(pair.plain.final).max())
        near(run.gap[seed], plain.gap[seed], (g + G0) * e + L * e * e + value)
        slope = L * e + 2 * gradient_error(f, np.abs(w) + np.abs(pair.plain.final).max())
        near(run.grad_sq[seed], plain.grad_sq[seed], 2 * g * slope + slope**2)
        near(run.step_sq[seed], plain.step_sq[seed], 2 * g * slope + slope**2 + e)


def near(got: np.ndarray, expected: np.ndarray, allowed: float) -> None:
    assert np.abs(got - expected).max() <= allowed


def start_of(f: Objective) -> np.ndarray:
    return np.random.default_rng(11).standard_normal(f.dim)


SIDES = ("left", "right", "bernoulli")


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("side", SIDES)
def test_stochastic_gradients(name: str, side: str) -> None:
    f = SUMS[name]
    step = 0.5 / component_L(f)
    for method in (
        named("rac-lora-noise", step, variance=0.3, side=side),
        named("rac-lora-sgd", step, batch=2, side=side),
        named("rac-lora-sgd", step, batch=3, replacement=True, side=side),
        named("rac-lora-page", step, batch=2, probability=0.5, side=side),
        named("rac-lora-mvr", step, momentum=0.3, batch=2, side=side),
    ):
        compare(both(f, method, step, 1, 3, start_of(f)))


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("side", SIDES)
def test_epochs(name: str, side: str) -> None:
    """On the left the kernel works in the coordinates of the sketch, unless the regulariser bends."""
    f = SUMS[name]
    N = f.components
    step = 0.5 / (component_L(f) * N)
    rank = min(2, *(min(shape) for shape in f.shapes))
    for method in (
        *(named("rac-lora-rr", step, order=o, side=side) for o in ("random", "once")),
        named("rac-lora-rr", step, order="incremental", side=side, rank=rank),
        named("fed-rac-lora", step, clients=3, side=side),
        named("fed-rac-lora", step, clients=3, participating=2, order="once", side=side),
        named("fed-rac-lora", step, clients=N, law=Coordinates(1), side=side),
    ):
        compare(both(f, method, step, N, 1, start_of(f)))


def test_oracles_without_a_sketch() -> None:
    f = SUMS["softmax"]
    step = 0.5 / (component_L(f) * f.components)
    for oracle in (AdditiveNoise(0.1), MiniBatch(2), LocalEpochs(2)):
        compare(both(f, fpft(step, oracle), step, f.components, 1, start_of(f)))


@pytest.mark.parametrize("loss", [Absolute(), Hinge()])
def test_subgradients(loss: Absolute | Hinge) -> None:
    """Away from the kinks a subgradient does not move with W: the codes take the same signs."""
    f = small_sum(loss, N=9, p=3, c=1)
    for side in SIDES:
        for method in (
            named("rac-subgradient", 0.1, side=side),
            named("rac-polyak", 1.0, side=side),
        ):
            size = 0.1 if method.name == "rac-subgradient" else 20.0
            pair = both(f, method, size, 1, 1, start_of(f))
            compare(pair)
            for seed, e in enumerate(pair.allowed):
                got, expected = pair.run.extra["mean_gap"][seed], pair.plain.extra["extra"][seed]
                value = 4 * value_error(f, np.abs(pair.plain.final[seed]) + 1)
                near(got, expected, (f.constants.lipschitz or 0.0) * e + value)


@pytest.mark.parametrize("name", ["logistic", "softmax"])
def test_accelerated(name: str) -> None:
    f = SUMS[name]
    assert f.constants.L is not None
    for side in ("left", "right"):
        method = named("rac-accelerated", 1 / f.constants.L, side=side)
        # b <= gamma (1 + LINKS): its sequence grows by at most gamma a link.
        compare(both(f, method, (1 + LINKS) / f.constants.L, 1, 1, start_of(f)))


@pytest.mark.parametrize("solver", ["plain", "momentum", "sign", "adamw"])
def test_safeguarded(solver: str) -> None:
    f = SUMS["logistic"]
    assert f.constants.L is not None
    for eta in (0.02, 0.5):  # small steps of the solver lose to the exact step, large ones win
        for side in ("left", "bernoulli"):
            method = named("rac-safeguarded", 1 / f.constants.L, solver=solver, eta=eta, side=side)
            run = simulate(f, method, start_of(f), LINKS, 8, STREAM)
            plain = transcribe_extended(f, method, start_of(f), LINKS, 8, STREAM)
            assert np.array_equal(run.extra["certified"], plain.extra["extra"])
            condition = max(sketch_condition(f, method, STREAM, s, LINKS) for s in range(8))
            near(run.final, plain.final, adam_error(f, condition, eta, run))


def adam_error(f: Objective, condition: float, eta: float, run: Run) -> float:
    """Relative to a solver's step the round-off is EPS times the condition of sqrt and of the sketch.

    A direction m/sqrt(v) is at most 1/(1 - beta1) = 10, moves a factor by eta, and W by the other factor, whose
    norm over its smallest singular value is at most `condition`; the slopes it divides by are those of a
    gradient with relative round-off dim N EPS/|slope|.
    """
    slope = np.sqrt(run.step_sq.min())
    units = 64 * (f.dim + f.components) * EPS * component_size(f, np.full(f.dim, 4.0))
    steps = 5 * LINKS
    growth = (1 + 10 * (eta + 1) * component_L(f)) ** LINKS
    return float(steps * growth * condition * units * (1 + 10 * eta / slope))


def test_merged() -> None:
    f = SUMS["softmax"]
    step = 1 / component_L(f)
    for precision in ("bfloat16", "float16", "float32"):
        method = named("rac-merged", step, precision=precision)
        pair = both(f, method, step, 1, 1, start_of(f))
        # A difference of round-off in W + Delta moves the rounded weight only across a midpoint.
        assert np.array_equal(pair.run.final, pair.plain.final)
        lost, expected = pair.run.extra["lost"], pair.plain.extra["extra"]
        moved = np.linalg.norm(pair.plain.final - start_of(f), axis=1).min()
        near(lost, expected, 4 * max(pair.allowed) / moved)


@pytest.mark.parametrize("rule", ["proved", "printed"])
def test_adaptive(rule: str) -> None:
    f = SUMS["blocks"]
    L = f.constants.L
    assert L is not None
    for options in ({"initial_std": 0.7}, {"factors": list(np.linspace(-1, 1, 8)), "scale": 0.5}):
        method = named("lora-adaptive", 1.0, L=L, rule=rule, **options)
        run = simulate(f, method, start_of(f), LINKS, SEEDS, STREAM)
        plain = transcribe_extended(f, method, start_of(f), LINKS, SEEDS, STREAM)
        # The proved step has eta L s^2 |V|^2 <= 1 and eta s |G| <= 1, so a link at most triples an error of
        # the factors; both rules are relative to |V| and |G|.
        etas, expected = run.extra["eta"], plain.extra["extra"]
        assert np.abs(etas / expected - 1).max() <= 3.0**LINKS * 256 * f.dim * EPS
        scale = np.abs(plain.final).max() + np.abs(start_of(f)).max()
        near(run.final, plain.final, 3.0**LINKS * 256 * f.dim * EPS * scale)


def test_every_further_method_is_compared() -> None:
    """Whatever is registered is run above, or by the tests of the engine (the basic ones)."""
    from ractheory.methods import METHODS

    here = {
        "rac-lora-noise", "rac-lora-sgd", "rac-lora-page", "rac-lora-mvr", "rac-lora-rr",
        "fed-rac-lora", "rac-subgradient", "rac-polyak", "rac-accelerated", "rac-safeguarded",
        "rac-merged", "lora-adaptive",
    }  # fmt: skip
    extended = set()
    for name, make in METHODS.items():
        extended |= (
            {name}
            if not make(0.1, **({"L": 1.0} if name == "lora-adaptive" else {})).basic
            else set()
        )
    assert extended == here


@pytest.mark.parametrize("name", ["rac-sign", "rac-momentum", "rac-plain"])
def test_factor_solvers(name: str) -> None:
    """One link of the factored kernel with the further solvers, against the transcription."""
    from ractheory.engine.transcription import transcribe

    f = objective("spectrum-left", m=4, n=3)
    states = np.random.default_rng(3).standard_normal((4, f.dim))
    for side in SIDES:
        method = named(name, 0.01, inner_steps=3, side=side)
        run = simulate(f, method, states, 1, 4, STREAM)
        plain = transcribe(f, method, states, 1, 4, STREAM)
        # Three steps of length 0.01 along slopes of norm at most |B| |G|: the factors stay O(1).
        near(run.final, plain.final, 64 * f.dim * EPS * (1 + np.abs(states).max()))
