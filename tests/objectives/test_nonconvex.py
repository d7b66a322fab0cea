"""The sine family's PL constant, certified; the two-layer network's smoothness bound."""

from __future__ import annotations

import numpy as np
import pytest

from ractheory.errors import UsageError
from ractheory.objectives import objective
from ractheory.objectives.nonconvex import SINE_L, SINE_PL
from ractheory.objectives.two_layer import TwoLayer, output_curvatures
from tests.objectives.helpers import EPS, hessian, points, value_error


def surplus(u: np.ndarray) -> np.ndarray:
    """phi'^2 - 2 c phi, phi = u^2 + 3 sin^2 u, c = SINE_PL: PL holds where it is >= 0."""
    return (2 * u + 3 * np.sin(2 * u)) ** 2 - 2 * SINE_PL * (u * u + 3 * np.sin(u) ** 2)


def surplus_slope(u: np.ndarray) -> np.ndarray:
    slope = 2 * u + 3 * np.sin(2 * u)
    return 2 * slope * (2 + 6 * np.cos(2 * u)) - 2 * SINE_PL * slope


def test_sine_pl_constant_is_certified() -> None:
    """On [pi/2, 3] branch and bound with q(u) >= q(c) - |q'(c)| h - M h^2/2, h the half width.

    M: on the interval |phi'| <= 9, |phi''| <= 8, |phi'''| <= 12, so |q''| = |2 phi''^2 + 2 phi' phi''' -
    2 c phi''| <= 128 + 216 + 4 < 350. Values stay below 81 and |q'| below 150; 1e-12 covers their
    round-off (a dozen operations at eps = 2.2e-16, and the slope's times h < 1).
    """
    M, roundoff = 350.0, 1e-12
    low, high = np.array([1.57]), np.array([3.0])
    for _ in range(40):
        c, h = (low + high) / 2, (high - low) / 2 + 1e-15
        open_ = surplus(c) - np.abs(surplus_slope(c)) * h - M * h**2 / 2 - roundoff <= 0
        if not open_.any():
            break
        low, high = (
            np.concatenate([low[open_], c[open_]]),
            np.concatenate([c[open_], high[open_]]),
        )
    assert not open_.any()


def test_sine_pl_outside_the_interval() -> None:
    """The analytic parts of the proof: on (0, pi/2] it needs 2 c <= 1; from 3 on it holds and rises."""
    assert 2 * SINE_PL <= 1
    assert (2 * 3 - 3) ** 2 - 2 * SINE_PL * (3**2 + 3) > 0
    # d/du [(2u-3)^2 - 2c(u^2+3)] = 8u - 12 - 4 c u >= (8 - 4c) 3 - 12 > 0 for u >= 3.
    assert (8 - 4 * SINE_PL) * 3 - 12 > 0


def test_sine_constants_are_attained() -> None:
    f = objective("sine", m=2, n=3, condition=4.0)
    k = int(np.argmin(f.weights))
    w = f.centre.copy()
    w[k] += 2.20170917643584852
    g = f.flat_gradient(w)
    ratio = float(g @ g) / 2 / f.flat_gap(w)
    assert f.constants.pl <= ratio <= f.constants.pl * (1 + 1e-6)
    H = hessian(f, f.centre, h=1e-4)
    assert abs(H.max() / f.constants.L - 1) <= 1e-7
    assert SINE_L * f.weights.max() == f.constants.L


def test_sine_is_not_convex() -> None:
    f = objective("sine", m=1, n=1)
    assert hessian(f, f.centre + np.pi / 2, h=1e-4)[0, 0] < 0


def test_compiled_arrays_mean_what_they_say() -> None:
    f = objective("sine")
    p = f.problem()
    for w in points(f):
        u = w - p.Y[0]
        value = p.scalars[0] + np.sum(p.X[0] * (u**2 + 3 * np.sin(u) ** 2))
        assert abs(value - f.flat_value(w)) <= value_error(f, w)
    f = objective("two-layer", noise=0.3)
    p = f.problem()
    for w in points(f):
        R = p.Z @ np.tanh(w.reshape(f.shapes[0]) @ p.X.T) - p.Y.T
        assert abs(np.sum(R**2) / (2 * len(p.X)) - f.flat_value(w)) <= value_error(f, w)


def test_two_layer_bound_is_within_a_factor_of_the_curvature() -> None:
    """L is a proved bound, not the smallest: some point has at least a third of it."""
    f = objective("two-layer")
    tops = [np.abs(np.linalg.eigvalsh(hessian(f, w))).max() for w in (np.zeros(f.dim), *points(f))]
    assert f.constants.L / 3 <= max(tops) <= f.constants.L


def test_one_unit_network_has_the_exact_bound() -> None:
    """m = n = q = N = 1, y = 0, V = 1: f = tanh(w)^2/2, whose second derivative is largest at 0."""
    f = TwoLayer("one", np.ones((1, 1)), np.zeros((1, 1)), np.ones((1, 1)))
    assert abs(f.constants.L - 1.0) <= 1e-4
    assert f.constants.L >= 1.0


def test_output_curvatures_bound_every_output_layer() -> None:
    """The second derivative in the hidden pre-activations, enumerated over random t and residuals."""
    rng = np.random.default_rng(1)
    V, Y = rng.standard_normal((2, 3)), rng.standard_normal((4, 2))
    kappa = output_curvatures(V, Y)
    G = V.T @ V
    for _ in range(300):
        t = np.tanh(2 * rng.standard_normal(3))
        for y, bound in zip(Y, kappa, strict=True):
            e = G @ t - V.T @ y
            s = 1 - t * t
            H = s[:, None] * G * s[None, :] + np.diag(e * -2 * t * s)
            k = np.linalg.eigvalsh(np.diag(bound) - H)
            assert k[0] >= -100 * EPS * bound.max()
            assert np.linalg.eigvalsh(np.diag(bound) + H)[0] >= -100 * EPS * bound.max()


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("sine", {"L": 0.0}),
        ("sine", {"condition": 0.0}),
        ("two-layer", {"outputs": 0}),
        ("two-layer", {"noise": -1.0}),
        ("two-layer-digits", {"hidden": 0}),
        ("two-layer-digits", {"rows": 1}),
    ],
)
def test_bad_parameters(name: str, parameters: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="allowed is"):
        objective(name, **parameters)
