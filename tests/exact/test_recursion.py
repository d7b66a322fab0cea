"""The recursions against enumeration of all sketches, quadratures, and plain Monte Carlo."""

from fractions import Fraction as F
from itertools import combinations, pairwise, product

import numpy as np
import pytest

from ractheory.errors import UsageError
from ractheory.exact import moments as mo
from ractheory.exact import worlds
from ractheory.exact.quadratics import QuadraticSum, fractions
from ractheory.exact.recursion import RowRecursion, certifies, contraction, vector
from ractheory.exact.second_moment import SecondMoment
from ractheory.laws import Coordinates, Haar

EPS = np.finfo(float).eps
STEPS = 3
K3 = [F(3), F(1), F(1, 2)]
START3 = fractions([[1, 2], [-1, "1/2"], ["2/3", 0]])
DENSE = fractions([[3, 1, 0], [1, 2, "1/2"], [0, "1/2", 1]])
ZERO3 = fractions([[0, 0]] * 3)


def quadratic(K):
    return QuadraticSum((K,), (ZERO3,))


def diagonal(values):
    return fractions(np.diag(np.array(values, dtype=object)).tolist())


def row_energies(D):
    return (D * D).sum(axis=1)


def enumerated(problem, links, start=START3, steps=STEPS):
    return worlds.enumerate_chain(start, links, {"f": problem.value}, steps)["f"]


def close(computed, exact, operations):
    """Sums and products of nonnegative terms: relative error at most operations * eps."""
    return abs(float(computed) - float(exact)) <= operations * EPS * abs(float(exact))


@pytest.mark.parametrize("r", [1, 2, 3])
@pytest.mark.parametrize(("moments", "law"), [(mo.haar, Haar), (mo.coordinate, Coordinates)])
def test_moments_are_those_of_the_laws(moments, law, r):
    X = np.array([[2.0, -1.0, 0.5], [-1.0, 1.0, 3.0], [0.5, 3.0, -4.0]])
    mine = moments(3, r).convert(float)
    assert np.allclose(
        mine.second(X), law(r).second_moment(X), rtol=0, atol=16 * EPS * np.abs(X).sum()
    )
    assert mine.mean == law(r).extremes(3)[0]


@pytest.mark.parametrize("r", [1, 2, 3])
def test_coordinate_moments_are_those_of_all_subsets(r):
    projections = worlds.coordinate_projections(3, r)
    second = sum(H.dot(DENSE).dot(H) for H in projections) / F(len(projections))
    assert (second == mo.coordinate(3, r).second(DENSE)).all()


@pytest.mark.parametrize(("d", "r"), [(2, 1), (3, 1), (3, 2)])
def test_designs_have_haar_moments(d, r):
    X = np.arange(d * d, dtype=float).reshape(d, d)
    X = X + X.T
    projections = worlds.haar_design(d, r)
    second = sum(H @ X @ H for H in projections) / len(projections)
    expected = mo.haar(d, r).convert(float).second(X)
    assert np.abs(second - expected).max() <= 64 * EPS * np.abs(X).sum()


@pytest.mark.parametrize("r", [1, 2, 3])
@pytest.mark.parametrize("side", ["left", "right"])
def test_coordinate_rows_equal_enumeration_exactly(r, side):
    problem, gamma = quadratic(diagonal(K3)), F(1, 2)
    chain = RowRecursion(vector(K3), gamma, mo.coordinate(3, r))
    computed = chain.expected(row_energies(START3), STEPS)
    if side == "left":
        links = worlds.gradient_links(problem, worlds.coordinate_projections(3, r), gamma)
        assert computed == enumerated(problem, links)
        return

    def right_link(
        W,
    ):  # D of shape (n, m), f = 1/2 tr(D K D^T): written out, no transposed left link
        return [W - gamma * W.dot(diagonal(K3)).dot(H) for H in worlds.coordinate_projections(3, r)]

    def value(W):
        return (W.dot(diagonal(K3)) * W).sum() / 2

    curve = worlds.enumerate_chain(START3.T.copy(), right_link, {"f": value}, STEPS)["f"]
    assert computed == curve


def test_sketch_on_the_other_side_equals_enumeration_exactly():
    problem, gamma = quadratic(diagonal(K3)), F(2, 3)
    links = worlds.gradient_links(problem, worlds.coordinate_projections(2, 1), gamma, side="right")
    moments = mo.opposite_side(mo.coordinate(2, 1), 2)
    chain = RowRecursion(vector(K3), gamma, moments)
    assert chain.expected(row_energies(START3), STEPS) == enumerated(problem, links)


@pytest.mark.parametrize("r", [1, 2])
def test_dense_curvature_equals_enumeration_exactly(r):
    problem, gamma = quadratic(DENSE), F(1, 3)
    links = worlds.gradient_links(problem, worlds.coordinate_projections(3, r), gamma)
    chain = SecondMoment(problem, gamma, mo.coordinate(3, r))
    assert chain.expected(START3, STEPS) == enumerated(problem, links)


def noisy_sum():
    centres = (START3 * 0, START3, 2 * START3)
    return QuadraticSum((DENSE, diagonal(K3), diagonal([F(1), F(2), F(0)])), centres)


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_minibatches_equal_enumeration_exactly(batch):
    problem, gamma = noisy_sum(), F(1, 4)
    links = worlds.minibatch_links(problem, worlds.coordinate_projections(3, 2), gamma, batch)
    chain = SecondMoment(problem, gamma, mo.coordinate(3, 2), batch)
    assert chain.expected(START3, 2) == enumerated(problem, links, steps=2)


def test_minibatches_with_replacement_equal_enumeration_exactly():
    problem, gamma, sketches = noisy_sum(), F(1, 4), worlds.coordinate_projections(3, 1)

    def link(W):
        parts = [problem.component_gradient(i, W) for i in range(3)]
        pairs = product(range(3), repeat=2)
        means = [(parts[i] + parts[j]) / F(2) for i, j in pairs]
        return [W - gamma * H.dot(g) for H in sketches for g in means]

    chain = SecondMoment(problem, gamma, mo.coordinate(3, 1), 2, replacement=True)
    assert chain.expected(START3, 2) == enumerated(problem, link, steps=2)


def test_additive_noise_equals_enumeration_exactly():
    problem, gamma, sketches = quadratic(diagonal(K3)), F(1, 2), worlds.coordinate_projections(3, 2)
    xi = fractions([[1, 0], [2, "1/3"], [0, 1]])

    def link(W):
        return [W - gamma * H.dot(problem.gradient(W) + e * xi) for H in sketches for e in (1, -1)]

    curve = enumerated(problem, link, steps=2)
    covariance = xi.dot(xi.T)
    dense = SecondMoment(problem, gamma, mo.coordinate(3, 2), noise=covariance)
    rows = RowRecursion(vector(K3), gamma, mo.coordinate(3, 2), noise=np.diag(covariance))
    assert dense.expected(START3, 2) == curve == rows.expected(row_energies(START3), 2)


@pytest.mark.parametrize("r", [1, 2])
def test_haar_rows_equal_the_design_enumeration(r):
    K, start = DENSE.astype(float), START3.astype(float)
    problem = QuadraticSum((K,), (start * 0,))
    gamma = 0.4
    links = worlds.gradient_links(problem, worlds.haar_design(3, r), gamma)
    curve = enumerated(problem, links, start, STEPS)
    k, U = np.linalg.eigh(K)
    chain = RowRecursion(k, gamma, mo.haar(3, r).convert(float))
    computed = chain.expected(row_energies(U.T @ start), STEPS)
    # eigh and the 3 x 3 products err by a few dozen eps of f_0; the chain never amplifies f here.
    assert np.abs(np.array(computed) - curve).max() <= 500 * EPS * curve[0]


@pytest.mark.parametrize("r", [1, 2])
def test_haar_rows_equal_haar_matrices_exactly_in_a_rational_eigenbasis(r):
    v = fractions([[1], [2], [2]])  # Householder reflection of a rational unit vector
    U = fractions(np.eye(3, dtype=int).tolist()) - 2 * v.dot(v.T) / F(9)
    K = U.dot(diagonal(K3)).dot(U.T)
    moments = mo.haar(3, r)
    dense = SecondMoment(quadratic(K), F(1, 2), moments).expected(START3, STEPS)
    rows = RowRecursion(vector(K3), F(1, 2), moments).expected(row_energies(U.T.dot(START3)), STEPS)
    assert dense == rows


def test_plain_factor_steps_equal_gauss_hermite_quadrature():
    nodes, weights = np.polynomial.hermite_e.hermegauss(
        3
    )  # exact to degree 5; f+ has degree 4 in B
    weights = weights / weights.sum()
    k, c, D = np.array([2.0, 0.5]), 0.2, np.array([1.0, -3.0])
    total = 0.0
    for i, j in product(range(3), repeat=2):
        b = nodes[[i, j]]
        after = D - c * b * (b @ (k * D))
        total += weights[i] * weights[j] * 0.5 * (k @ after**2)
    chain = RowRecursion(k, c, mo.gaussian_factor(2, 1).convert(float))
    assert close(chain.expected(D**2, 1)[1], total, 200)


def empirical_bernstein(sample, ceiling, error_rate):
    """Radius around the sample mean for values in [0, ceiling] (Audibert, Munos, Szepesvari 2009)."""
    log = np.log(3 / error_rate)
    return np.sqrt(2 * sample.var() * log / len(sample)) + 3 * ceiling * log / len(sample)


@pytest.mark.parametrize("side", ["left", "right"])
def test_haar_rows_agree_with_monte_carlo_and_a_wrong_moment_does_not(side):
    """The test is wrong with probability at most 1e-6 over its seeds, by the interval's own bound."""
    k, r, gamma, steps, seeds = np.array([1.0, 0.7, 0.5, 0.1]), 2, 1.5, 4, 40_000
    rng = np.random.default_rng(20241008)
    D = np.ones((seeds, 4, 2)) if side == "left" else np.ones((seeds, 2, 4))
    for _ in range(steps):
        factor = rng.standard_normal((seeds, 4, r))
        Q = np.linalg.qr(factor)[0]
        H = Q @ Q.transpose(0, 2, 1)
        G = k[:, None] * D if side == "left" else D * k
        D = D - gamma * (H @ G if side == "left" else G @ H)
    f = 0.5 * (D**2 * (k[:, None] if side == "left" else k)).sum(axis=(1, 2))
    start = 2 * np.ones(4)
    chain = RowRecursion(k, gamma, mo.haar(4, r).convert(float))
    radius = empirical_bernstein(f, chain.value(start), 1e-6)  # gamma < 2/L: f never rises
    assert abs(f.mean() - chain.expected(start, steps)[-1]) <= radius
    wrong = RowRecursion(k, gamma, mo.coordinate(4, r).convert(float))
    assert abs(f.mean() - wrong.expected(start, steps)[-1]) > radius


def test_balls_enclose_an_irrational_spectrum():
    from flint import arb, fmpq

    moments = mo.haar(3, 1)
    balls = moments.convert(lambda v: arb(fmpq(v.numerator, v.denominator)))
    k = vector([arb(2).sqrt(), arb(3).sqrt() / 3, arb(5).sqrt() / 7])
    chain = RowRecursion(k, arb(1) / 2, balls)
    curve = chain.expected(vector([arb(1)] * 3), 20)
    floats = RowRecursion(np.array([2**0.5, 3**0.5 / 3, 5**0.5 / 7]), 0.5, moments.convert(float))
    for ball, value in zip(curve, floats.expected(np.ones(3), 20), strict=True):
        assert float(ball.rad()) <= 1e-12 * float(ball.mid())
        assert close(value, float(ball.mid()), 20 * 40)
    q = contraction(chain)
    assert certifies(chain, q + arb(2) ** -40)
    assert not certifies(chain, q - arb(2) ** -40)


@pytest.mark.parametrize("gamma", [F(1, 3), F(1), F(3, 2)])
def test_the_certificate_is_the_least_factor(gamma):
    chain = RowRecursion(vector([*K3, F(0)]), gamma, mo.haar(4, 2))
    q = contraction(chain)
    assert certifies(chain, q)
    assert not certifies(chain, q - F(1, 10**9))
    curve = chain.expected(vector([F(1), F(2), F(3), F(4)]), 10)
    assert all(after <= q * before for before, after in pairwise(curve))


def test_the_matrix_of_the_recursion_reproduces_the_example_of_the_theory():
    """k = (1, .5, 0, 0), r = 1: radius 1 on all rows, 0.784 on the positive ones, E f_100 = 9e-12."""
    chain = RowRecursion(np.array([1.0, 0.5, 0.0, 0.0]), 1.0, mo.haar(4, 1).convert(float))
    M = chain.matrix()
    assert round(max(abs(np.linalg.eigvals(M))), 9) == 1.0
    assert round(max(abs(np.linalg.eigvals(M[:2, :2]))), 3) == 0.784
    assert 8.5e-12 < chain.expected(np.ones(4), 100)[-1] < 9.5e-12


@pytest.mark.parametrize("d", [1, 7, 8, 20, 50])
@pytest.mark.parametrize("noisy", [False, True])
def test_the_compiled_curve_is_the_recursion(d, noisy):
    """Every value is a sum of positive terms, of at most 8 + d roundings a step."""
    rng = np.random.default_rng(d)
    k, start = rng.random(d), rng.random(d)
    chain = RowRecursion(k, 0.7, mo.haar(d, (d + 1) // 2), rng.random(d) if noisy else None)
    steps = 40
    expected = np.array(chain.expected(start, steps), dtype=float)
    roundings = (8 + d) * np.arange(1, steps + 2)
    assert np.all(np.abs(chain.curve(start, steps) / expected - 1) <= roundings * EPS)


def test_gradient_norms_are_exact_too():
    problem, gamma = quadratic(diagonal(K3)), F(1, 2)
    links = worlds.gradient_links(problem, worlds.coordinate_projections(3, 1), gamma)
    curve = worlds.enumerate_chain(START3, links, {"g": problem.grad_sq}, STEPS)["g"]
    chain = RowRecursion(vector(K3), gamma, mo.coordinate(3, 1))
    assert [chain.grad_sq(s) for s in chain.energies(row_energies(START3), STEPS)] == curve


@pytest.mark.parametrize("rank", [0, 4, 1.5, True])
@pytest.mark.parametrize("sketch", ["haar", "coordinate"])
def test_ranks_outside_the_dimension_are_refused(sketch, rank):
    with pytest.raises(UsageError, match="rank"):
        mo.sketch_moments(sketch, 3, rank)


def test_subsets_are_all_subsets():
    assert len(worlds.coordinate_projections(5, 2)) == len(list(combinations(range(5), 2)))


class Counted:
    """A number that counts the operations on it and on its kind."""

    operations = 0

    def __init__(self, value):
        self.value = float(value)

    def _with(self, other, join):
        if isinstance(other, np.ndarray):
            return NotImplemented  # the array takes its entries one by one
        Counted.operations += 1
        return Counted(join(self.value, getattr(other, "value", other)))

    def __add__(self, other):
        return self._with(other, lambda a, b: a + b)

    def __sub__(self, other):
        return self._with(other, lambda a, b: a - b)

    def __rsub__(self, other):
        return self._with(other, lambda a, b: b - a)

    def __mul__(self, other):
        return self._with(other, lambda a, b: a * b)

    def __truediv__(self, other):
        return self._with(other, lambda a, b: a / b)

    __radd__, __rmul__ = __add__, __mul__


def operations(d, steps):
    """Operations of the values of a chain in dimension d after so many links."""
    k = np.array([Counted(1 / (i + 1)) for i in range(d)], dtype=object)
    chain = RowRecursion(k, Counted(1.0), mo.haar(d, 2).convert(lambda v: Counted(float(v))))
    Counted.operations = 0
    curve = chain.expected(np.array([Counted(1.0)] * d, dtype=object), steps)
    plain = RowRecursion(1 / np.arange(1.0, d + 1), 1.0, mo.haar(d, 2).convert(float))
    assert close(curve[-1].value, plain.expected(np.ones(d), steps)[-1], 8 * d * (steps + 1))
    return Counted.operations


def test_a_link_takes_operations_in_proportion_to_the_dimension():
    """m = 2,000 takes seconds because a link is linear in m: counted, not timed."""
    links = {d: operations(d, 3) - operations(d, 2) for d in (10, 20, 40, 2000)}
    slope = (links[20] - links[10]) // 10
    assert slope <= 8
    for d, count in links.items():
        assert count == links[10] + slope * (d - 10)
    assert [operations(50, T) - operations(50, T - 1) for T in (2, 5)] == [
        operations(50, 1) - operations(50, 0)
    ] * 2
