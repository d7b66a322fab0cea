"""What the further links do: closed forms, certificates, floors, rounding; and the refusals."""

from __future__ import annotations

import numpy as np
import pytest

from ractheory.engine.accelerated import next_step
from ractheory.engine.merging import rounded
from ractheory.engine.simulate import simulate
from ractheory.engine.transcription_stochastic import round_to
from ractheory.errors import UsageError
from ractheory.laws import Gaussian, Haar, Rademacher
from ractheory.links import Adaptive, Polyak, Safeguarded
from ractheory.method import Method, Precision, Trains
from ractheory.methods import METHODS, PseudoInverse, cola, lora, rac_lora
from ractheory.objectives import objective
from ractheory.objectives.linear_model import LinearModel
from ractheory.objectives.losses import Absolute
from ractheory.objectives.quadratic import EntryQuadratic
from ractheory.oracles import MiniBatch
from tests.stochastic.helpers import EPS, logistic, named

ISOTROPIC = objective("isotropic", m=6, n=3)


# Nonsmooth


def test_polyak_lands_on_the_minimiser() -> None:
    """f = |w - 3| in one dimension: (f - f*)/|g|^2 is the distance, whatever it is."""
    f = LinearModel("abs", np.ones((1, 1)), np.array([[3.0]]), Absolute())
    run = simulate(f, named("rac-polyak", 1.0), np.array([-5.0]), 3, 2)
    assert np.array_equal(run.gap, [[8.0, 0.0, 0.0, 0.0]] * 2)
    assert np.allclose(run.extra["mean_gap"], [[8.0, 4.0, 8.0 / 3.0]] * 2, rtol=8 * EPS, atol=0)


def test_subgradient_with_a_constant_step_oscillates() -> None:
    f = LinearModel("abs", np.ones((1, 1)), np.array([[0.0]]), Absolute())
    run = simulate(f, named("rac-subgradient", 1.0), np.array([0.5]), 4, 1)
    assert np.array_equal(run.gap[0], [0.5] * 5)
    assert np.allclose(run.extra["mean_gap"][0], [0.5, 0.0, 0.5 / 3, 0.0], rtol=0, atol=8 * EPS)


def test_polyak_needs_the_infimum() -> None:
    f = objective("nonconvex-regression")
    with pytest.raises(UsageError, match="Polyak's step"):
        simulate(f, named("rac-polyak", 1.0), np.zeros(f.dim), 2, 1)


# Accelerated


def test_accelerated_sequence() -> None:
    """b solves b^2 = gamma (rho b + A), so that A_t >= gamma (rho t/2)^2; with rho = 1, A = 0: b = gamma."""
    A, gamma, rho = 0.0, 0.5, 0.25
    for t in range(1, 50):
        b, following = next_step(gamma, rho, A)
        assert abs(b * b - gamma * (rho * b + A)) <= 16 * EPS * b * b
        assert following == A + rho * b
        A = following
        assert gamma * (rho * t / 2) ** 2 * (1 - 16 * t * EPS) <= A
    assert next_step(0.5, 1.0, 0.0)[0] == 0.5


def test_accelerated_without_a_sketch_is_nesterovs() -> None:
    """rho = 1: on (L/2)|D|^2 with gamma = 1/L every y - gamma G(y) is the minimiser."""
    method = Method("accelerated", 1.0, Trains.FULL, inner=named("rac-accelerated", 1.0).inner)
    run = simulate(ISOTROPIC, method, np.zeros(ISOTROPIC.dim), 3, 1)
    assert run.gap[0, 0] > 1.0
    assert np.all(run.gap[0, 1:] <= 64 * ISOTROPIC.dim * EPS**2 * run.gap[0, 0])


def test_accelerated_needs_one_rho() -> None:
    f = objective("quadratic-blocks")
    with pytest.raises(UsageError, match="accelerated links"):
        simulate(f, named("rac-accelerated", 0.1), np.zeros(f.dim), 2, 1)


# Certified links


@pytest.mark.parametrize("solver", ["plain", "momentum", "sign", "adamw"])
def test_every_safeguarded_link_is_certified(solver: str) -> None:
    """Steps of any length: f never rises, and falls at least by gamma (1 - gamma L/2)|H G|^2 a link."""
    f = logistic(20)
    L = f.constants.L
    assert L is not None
    for eta in (1e-3, 0.3, 30.0):
        method = named("rac-safeguarded", 1 / L, solver=solver, eta=eta)
        run = simulate(f, method, np.ones(f.dim), 20, 10)
        fall = run.gap[:, :-1] - run.gap[:, 1:]
        slack = 64 * f.components * EPS * (1 + run.gap.max())
        assert np.all(fall >= run.step_sq / (2 * L) - slack)
        assert set(np.unique(run.extra["certified"])) <= {0.0, 1.0}


def test_a_solver_too_short_leaves_the_exact_chain() -> None:
    f = logistic(20)
    method = named("rac-safeguarded", 0.5, eta=1e-9, inner_steps=1)
    run = simulate(f, method, np.ones(f.dim), 10, 5, "chain")
    exact = simulate(f, rac_lora(0.5, law=Gaussian(1)), np.ones(f.dim), 10, 5, "chain")
    assert not np.any(run.extra["certified"])
    assert np.array_equal(run.final, exact.final)


def test_the_step_against_which_plain_links_are_certified() -> None:
    """(L/2)|D|^2, rank 1: a plain step moves the error along B by 1 - eta |B|^2, an exact one by 0.

    So a plain step ends as low only for eta |B|^2 = 1, which never happens: nothing is certified.
    """
    method = named("rac-safeguarded", 1.0, eta=0.1, inner_steps=1)
    run = simulate(ISOTROPIC, method, np.zeros(ISOTROPIC.dim), 20, 20)
    assert not np.any(run.extra["certified"])


# Sign links


def test_sign_links_stop_at_a_floor() -> None:
    """E f_t >= (L/2) eta^2 s^2 n r (m - 2/pi) for t >= 1, from where no column of D is zero.

    1,000 seeds: the mean is above the floor by more than ten of its standard errors.
    """
    m, n, eta, scale = 6, 3, 0.05, 2.0
    floor = 0.5 * (eta * scale) ** 2 * n * (m - 2 / np.pi)
    run = simulate(
        ISOTROPIC, named("rac-sign", eta, scale=scale), np.zeros(ISOTROPIC.dim), 120, 1000
    )
    for t in (1, 60, 120):
        mean, error = run.gap[:, t].mean(), run.gap[:, t].std() / np.sqrt(1000)
        assert mean - 10 * error > floor
    assert run.gap[:, 120].mean() < 4 * floor  # and it does come down to it


def test_sign_links_stay_at_the_minimiser() -> None:
    """Where G = 0 the sign is 0: the floor does not hold from W* itself."""
    assert ISOTROPIC.constants.minimiser is not None
    run = simulate(ISOTROPIC, named("rac-sign", 0.1), ISOTROPIC.constants.minimiser, 5, 2)
    assert np.all(run.gap == 0.0)


# Adaptive steps


def test_printed_rule_rises() -> None:
    """L = 0.01, s = 1, f = (L/2)(w - 1000)^2, (a, b) = (-0.1, 0.1): phi from 5000.1 to 5008.1."""
    f = EntryQuadratic("far", ((1, 1),), np.array([0.01]), np.array([1000.0]))
    method = named("lora-adaptive", 1.0, L=0.01, rule="printed", factors=[-0.1, 0.1])
    run = simulate(f, method, np.zeros(1), 1, 1)
    assert run.extra["eta"][0, 0] == 1.0
    assert round(run.gap[0, 0], 1) == 5000.1
    assert round(run.gap[0, 1], 1) == 5008.1
    proved = simulate(
        f, named("lora-adaptive", 1.0, L=0.01, factors=[-0.1, 0.1]), np.zeros(1), 1, 1
    )
    assert proved.gap[0, 1] < proved.gap[0, 0]


@pytest.mark.parametrize("L_scale", [1.0, 100.0])
def test_proved_rule_falls(L_scale: float) -> None:
    """phi falls by at least 0.358 eta |grad phi|^2 in every step."""
    f = objective("isotropic", m=4, n=3, L=L_scale)
    for scale in (0.1, 1.0, 10.0):
        method = named("lora-adaptive", 1.0, L=L_scale, scale=scale, rank=2)
        run = simulate(f, method, np.zeros(f.dim), 50, 20)
        fall = run.gap[:, :-1] - run.gap[:, 1:]
        slack = 64 * f.dim * EPS * run.gap[:, :-1]
        assert np.all(fall >= 0.358 * run.extra["eta"] * run.step_sq - slack)


def test_adaptive_factors_must_fit() -> None:
    with pytest.raises(UsageError, match="first factors = 2"):
        simulate(
            ISOTROPIC, named("lora-adaptive", 1.0, L=1.0, factors=[1.0, 2.0]),
            np.zeros(ISOTROPIC.dim), 1, 1,
        )  # fmt: skip


# Rounded merges


@pytest.mark.parametrize("precision", ["float32", "float16", "bfloat16"])
def test_rounding_is_that_of_the_format(precision: str) -> None:
    p = Precision(precision)
    rng = np.random.default_rng(0)
    x = np.concatenate([
        rng.standard_normal(500) * 10.0 ** rng.integers(-9, 4, 500),
        np.ldexp(rng.integers(-4096, 4096, 500).astype(float), p.smallest_exponent - 2),
        np.arange(-40, 41) / 32.0 + 2.0 ** -(p.digits + 5), [0.0, 65504.0, 1.0],
    ])  # fmt: skip
    if precision == "bfloat16":
        x = x.astype(np.float32).astype(float)  # the reference rounds the bits of a float32
    got = np.array([rounded(value, p.digits, p.smallest_exponent) for value in x])
    assert np.array_equal(got, round_to(x, p))
    normal = np.abs(x) >= 2.0 ** (p.smallest_exponent + p.digits)
    assert np.all(np.abs(got - x)[normal] <= p.unit_roundoff * np.abs(x)[normal])


def test_merges_are_lost_by_precision() -> None:
    """A chain of small merges: fewer digits lose more, and float64 nothing to speak of."""
    f = objective("isotropic", m=16, n=16)
    centre = f.constants.minimiser
    assert centre is not None
    start = centre * (1 + 0.05 * np.sign(centre))
    lost = {}
    for precision in ("bfloat16", "float16", "float32"):
        method = named("rac-merged", 0.02, precision=precision, rank=2)
        run = simulate(f, method, start, 1000, 3)
        lost[precision] = run.extra["lost"][:, -1].mean()
        u = Precision(precision).unit_roundoff
        # One merge: |fl(x) - x| <= u |x|, x = W + Delta, entry by entry.
        moved = 0.02 * np.sqrt(run.step_sq[:, 0])
        first = run.extra["lost"][:, 0] * moved
        assert np.all(first <= u * (np.linalg.norm(start) * (1 + u) + moved))
    assert lost["bfloat16"] > 0.9
    assert 0.1 < lost["float16"] < lost["bfloat16"]
    assert lost["float32"] < 1e-3
    plain = simulate(f, named("rac-merged", 0.02, precision="float64", rank=2), start, 1000, 3)
    assert "lost" not in plain.extra
    assert np.all(plain.gap[:, -1] < plain.gap[:, 0])


# Many threads, the same bits


@pytest.mark.parametrize("name", sorted(METHODS))
def test_threads_do_not_change_a_bit(name: str) -> None:
    nonsmooth = name in ("rac-subgradient", "rac-polyak")
    f = objective("svm-synthetic") if nonsmooth else logistic(12)
    options = {"lora-adaptive": {"L": 1.0}, "fed-rac-lora": {"clients": 3}}.get(name, {})
    method = named(name, 0.02, **options)
    start = np.linspace(-1, 1, f.dim)
    one = simulate(f, method, start, 3, 7, "threads", threads=1)
    three = simulate(f, method, start, 3, 7, "threads", threads=3)
    part = simulate(f, method, start, 3, range(4, 6), "threads", threads=1)
    for record in ("gap", "grad_sq", "step_sq", "final"):
        assert np.array_equal(getattr(one, record), getattr(three, record))
        assert np.array_equal(getattr(one, record)[4:6], getattr(part, record))
    for key, values in one.extra.items():
        assert np.array_equal(values, three.extra[key])
        assert np.array_equal(values[4:6], part.extra[key])


# Refusals


def test_refused_compositions() -> None:
    with pytest.raises(UsageError, match="oracle = mini-batch"):
        rac_lora(0.1, inner=PseudoInverse(2), oracle=MiniBatch(1))
    with pytest.raises(UsageError, match="oracle = mini-batch"):
        Method("lora", 0.1, Trains.BOTH, Gaussian(1), inner=lora(0.1).inner, oracle=MiniBatch(1))
    several = rac_lora(0.1, inner=PseudoInverse(2)).inner
    with pytest.raises(UsageError, match="precision"):
        Method("x", 0.1, Trains.LEFT, Haar(1), inner=several, precision=Precision.FLOAT16)
    with pytest.raises(UsageError, match="never redrawn"):
        Method("x", 0.1, Trains.BOTH, Gaussian(1), True, Adaptive(1.0))
    with pytest.raises(UsageError, match="safeguard"):
        Method("x", 0.1, Trains.LEFT, Gaussian(1), False, Safeguarded(cola(0.1).inner, 0.1))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="trained factors"):
        Method("x", 0.1, Trains.BOTH, Gaussian(1), False, Polyak())
    with pytest.raises(UsageError, match="rule = best"):
        Adaptive(1.0, "best")
    with pytest.raises(UsageError, match="solver = newton"):
        named("rac-safeguarded", 0.1, solver="newton")
    with pytest.raises(UsageError, match="precision = int8"):
        named("rac-merged", 0.1, precision="int8")
    with pytest.raises(UsageError, match="side = up"):
        named("rac-sign", 0.1, side="up")
    with pytest.raises(UsageError, match="order of an epoch"):
        named("rac-lora-rr", 0.1, order="sorted")
    f = logistic(6)
    with pytest.raises(UsageError, match="batch = 7"):
        simulate(f, named("rac-lora-sgd", 0.1, batch=7), np.zeros(f.dim), 1, 1)
    with pytest.raises(UsageError, match="a multiple of 4 clients"):
        simulate(f, named("fed-rac-lora", 0.1, clients=4), np.zeros(f.dim), 1, 1)
    with pytest.raises(UsageError, match="from 1 to 3"):
        named("fed-rac-lora", 0.1, clients=3, participating=4)


def test_divergence_is_recorded() -> None:
    f = logistic(6)
    quadratic = objective("least-squares-over")
    for name in ("rac-lora-sgd", "rac-lora-rr", "rac-accelerated"):
        run = simulate(quadratic, named(name, 1e6), np.ones(quadratic.dim), 40, 2)
        t = int(run.diverged_at[0])
        assert 0 < t < 40
        assert np.all(np.isinf(run.gap[0, t:]))
        assert np.all(np.isinf(run.step_sq[0, t:]))
        assert np.all(np.isfinite(run.gap[0, :t]))
    assert np.all(simulate(f, named("rac-lora-sgd", 0.1), np.ones(f.dim), 3, 2).diverged_at == -1)


def test_grants() -> None:
    """Each method says what it does, and not what it does not."""

    def words(method: Method) -> set[str]:
        return {type(a).__name__ for a in method.grants(logistic(6))}

    assert {"ProjectedStep", "ProjectedEstimate", "CertifiedLinks"} <= words(rac_lora(0.1))
    stochastic = words(named("rac-lora-sgd", 0.1))
    assert {"ProjectedEstimate", "ExpectedSmoothness", "UnbiasedGradient"} <= stochastic
    assert not {"ProjectedStep", "CertifiedLinks", "FreshPermutation"} & stochastic
    assert "FreshPermutation" in words(named("rac-lora-rr", 0.1))
    for order in ("once", "incremental"):
        assert "FreshPermutation" not in words(named("rac-lora-rr", 0.1, order=order))
    assert not {"UnbiasedGradient", "ExpectedSmoothness"} & words(named("rac-lora-page", 0.1))
    assert "UnbiasedGradient" in words(named("rac-lora-mvr", 0.1, momentum=1.0))
    assert "UnbiasedGradient" not in words(named("rac-lora-mvr", 0.1, momentum=0.5))
    assert "SignLinks" in words(named("rac-sign", 0.1))
    assert "SignLinks" not in words(named("rac-sign", 0.1, inner_steps=2))
    assert "PlainStep" in words(named("rac-plain", 0.1))
    assert "PolyakStep" in words(named("rac-polyak", 1.0))
    assert "PolyakStep" not in words(named("rac-polyak", 0.5))
    assert "AcceleratedLinks" in words(named("rac-accelerated", 0.1))
    assert "LowRankLinks" not in words(named("rac-accelerated", 0.1))
    assert "RoundedMerges" in words(named("rac-merged", 0.1))
    assert "ProjectedStep" not in words(named("rac-merged", 0.1))
    assert "CertifiedLinks" in words(named("rac-safeguarded", 0.1))
    assert "AdaptiveStep" in words(named("lora-adaptive", 1.0, L=1.0))
    assert "AdaptiveStep" not in words(named("lora-adaptive", 1.0, L=1.0, rule="printed"))
    assert "JointSteps" in words(cola(0.1))
    assert "HaarLaw" not in words(rac_lora(0.1, law=Rademacher(1)))
