"""Tiny worlds in rationals as the oracle: kernels agree with the enumeration, and it obeys the theorems.

The outcomes of T links are finitely many and equally likely, each of a known f. The mean of S runs of a
kernel is then within R sqrt(log(2/alpha)/(2 S)) of the enumerated mean with probability 1 - alpha, R the
range of the outcomes (Hoeffding); alpha = 1e-9, and the seeds are named.
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import pytest

from ractheory.compare.facts import facts_of
from ractheory.engine.simulate import simulate
from ractheory.exact import worlds
from ractheory.exact.affine import AffineChain, epoch_maps, gradient_map, round_maps
from ractheory.exact.moments import coordinate, haar
from ractheory.exact.quadratics import QuadraticSum, fractions, pooled
from ractheory.exact.recursion import RowRecursion
from ractheory.exact.second_moment import SecondMoment
from ractheory.laws import Coordinates, Haar
from ractheory.methods import METHODS
from ractheory.objectives import objective
from ractheory.objectives.federated import FederatedModel
from ractheory.objectives.linear_model import LinearModel
from ractheory.objectives.losses import Squared
from ractheory.theorems import evaluate, theorem
from ractheory.theorems import symbols as sym

SEEDS, ALPHA = 4000, 1e-9
EPS = float(np.finfo(float).eps)
ROWS = np.array([[1.0, 0.5], [-0.5, 1.0], [0.75, -0.25], [0.5, 1.25]])
TARGETS = np.array([[1.0], [-0.5], [0.25], [0.75]])
START = np.array([1.5, -1.0])


def model(count, clients=0, seed=0):
    """Least squares on dyadic rows of two columns, exact as doubles and as rationals."""
    rng = np.random.default_rng(seed)
    X = ROWS[:count] if seed == 0 else rng.integers(-8, 9, (count, 2)) / 8 + np.eye(count, 2)
    Y = TARGETS[:count] if seed == 0 else rng.integers(-8, 9, (count, 1)) / 8
    if clients:
        # The same rows up to order and sign: equal curvatures of the clients bound how far they differ.
        X = np.vstack([X[:2], -X[1], X[0]])
        return FederatedModel("tiny", X, Y, Squared(), clients=clients)
    return LinearModel("tiny", X, Y, Squared())


def exact(f):
    """The same sum in rationals: f_i = (x_i w - y_i)^2/2 has curvature x x^T and a centre on its line."""
    pairs = []
    for x, (y,) in zip(f.X, f.Y, strict=True):
        row = fractions([[F(float(v)) for v in x]])
        square = row.dot(row.T)[0, 0]
        pairs.append((row.T.dot(row), row.T * (F(float(y)) / square)))
    return QuadraticSum(*(tuple(part) for part in zip(*pairs, strict=True)))


def clients_of(f):
    whole, each = exact(f), f.components // f.clients
    return [
        QuadraticSum(whole.curvatures[i : i + each], whole.centres[i : i + each])
        for i in range(0, f.components, each)
    ]


def outcomes(link, steps):
    """All equally likely W_T, repeated iterates counted."""
    states = [fractions([[F(float(v))] for v in START])]
    for _ in range(steps):
        states = [after for W in states for after in link(W)]
    return states


STEP = F(1, 8)
SKETCHES = worlds.coordinate_projections(2, 1)
CASES = {
    "gd": ("rac-lora", {}, model(3), 3),
    "sgd, batch 1": ("rac-lora-sgd", {"batch": 1}, model(3), 3),
    "sgd, batch 2": ("rac-lora-sgd", {"batch": 2}, model(3), 3),
    "rr": ("rac-lora-rr", {}, model(3), 2),
    "federation": ("fed-rac-lora", {"clients": 2}, model(4, clients=2), 2),
}


def link_of(name, f):
    problem = exact(f)
    if name.startswith("sgd"):
        return worlds.minibatch_links(problem, SKETCHES, STEP, int(name[-1]))
    if name == "rr":
        return worlds.reshuffling_links(problem, SKETCHES, STEP)
    if name == "federation":
        return worlds.federated_links(clients_of(f), SKETCHES, STEP)
    return worlds.gradient_links(problem, SKETCHES, STEP)


@pytest.mark.parametrize("name", CASES)
def test_the_kernel_samples_the_enumerated_world(name):
    method, options, f, T = CASES[name]
    problem, link = exact(f), link_of(name, f)
    least = problem.value(problem.minimiser())
    ends = [problem.value(W) - least for W in outcomes(link, T)]
    mean = sum(ends, F(0)) / len(ends)
    start = fractions([[F(float(v))] for v in START])
    assert mean == worlds.enumerate_chain(start, link, {"f": problem.value}, T)["f"][T] - least
    run = simulate(
        f,
        METHODS[method](float(STEP), law=Coordinates(1), **options),
        START,
        T,
        SEEDS,
        f"world/{name}",
    )
    allowed = float(max(ends) - min(ends)) * np.sqrt(np.log(2 / ALPHA) / (2 * SEEDS))
    assert abs(run.gap[:, T].mean() - float(mean)) <= allowed
    # The interval has power: it is a small part of what the outcomes differ by.
    assert allowed <= 0.06 * float(max(ends) - min(ends))
    # Every run ends in an enumerated place.
    places = np.array(sorted({tuple(float(v) for v in W.ravel()) for W in outcomes(link, T)}))
    apart = np.abs(run.final[:, None] - places[None]).max(axis=2).min(axis=1)
    assert apart.max() <= 256 * EPS


def test_moments_maps_and_enumeration_are_one_expectation():
    """Three ways to the same rationals: recursion of moments, affine maps, and every branch."""
    f = model(3)
    problem, start = exact(f), fractions([[F(float(v))] for v in START])
    curve = worlds.enumerate_chain(start, link_of("sgd, batch 1", f), {"f": problem.value}, 3)["f"]
    assert SecondMoment(problem, STEP, coordinate(2, 1), 1).expected(start, 3) == curve
    components = [
        (K, K.dot(C)[:, 0]) for K, C in zip(problem.curvatures, problem.centres, strict=True)
    ]
    steps = [gradient_map(c, H, STEP) for c in components for H in SKETCHES]
    epochs = [m for H in SKETCHES for m in epoch_maps(components, H, STEP)]
    for maps, name, T in ((steps, "sgd, batch 1", 3), (epochs, "rr", 2)):
        squares = {"w": lambda W: (W * W).sum()}
        branches = worlds.enumerate_chain(start, link_of(name, f), squares, T)["w"]
        moments = [S.trace() for _, S in AffineChain(tuple(maps)).states(start[:, 0], T)]
        assert moments == branches


def test_rounds_of_a_federation_by_maps_and_by_branches():
    f = model(4, clients=2)
    each = [
        [(K, K.dot(C)[:, 0]) for K, C in zip(c.curvatures, c.centres, strict=True)]
        for c in clients_of(f)
    ]
    start = fractions([[F(float(v))] for v in START])
    maps = [m for H in SKETCHES for m in round_maps(each, H, STEP)]
    moments = [S.trace() for _, S in AffineChain(tuple(maps)).states(start[:, 0], 2)]
    squares = {"w": lambda W: (W * W).sum()}
    assert moments == worlds.enumerate_chain(start, link_of("federation", f), squares, 2)["w"]
    assert pooled(clients_of(f)).value(start) == exact(f).value(start)


# The theorems on the enumeration.

LIMITS = {
    "sgd-nonconvex": ("rac-lora-sgd", {"batch": 1}, "sgd, batch 1"),
    "sgd-pl": ("rac-lora-sgd", {"batch": 1}, "sgd, batch 1"),
    "rr-nonconvex": ("rac-lora-rr", {}, "rr"),
    "rr-pl": ("rac-lora-rr", {}, "rr"),
    "fed-rr-nonconvex": ("fed-rac-lora", {"clients": 2}, "federation"),
    "fed-rr-pl": ("fed-rac-lora", {"clients": 2}, "federation"),
}


def admissible(row, f, spec, options):
    """The largest step of a halving sequence at which every hypothesis of the row holds."""
    statement = theorem(row).statement()
    for k in range(4, 16):
        method = METHODS[spec](2.0**-k, law=Coordinates(1), **options)
        facts = facts_of(f, method, START, 1)
        if all(h.holds for h in theorem(row).check(facts, statement)):
            return F(1, 2**k), method
    raise AssertionError(f"{row}: no step is admissible")


def enumerated_left(statement, f, name, step, T):
    """E[left] at T, by every branch: f - f* at the end, or the weighted mean of |G_t|^2."""
    problem = exact(f)
    least = problem.value(problem.minimiser())
    start = fractions([[F(float(v))] for v in START])
    link = {
        "sgd, batch 1": lambda: worlds.minibatch_links(problem, SKETCHES, step, 1),
        "rr": lambda: worlds.reshuffling_links(problem, SKETCHES, step),
        "federation": lambda: worlds.federated_links(clients_of(f), SKETCHES, step),
    }[name]()
    metrics = {"gap": lambda W: problem.value(W) - least, "grad_sq": problem.grad_sq}
    return worlds.enumerate_chain(start, link, metrics, T)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("row", LIMITS)
def test_the_enumerated_expectation_obeys_the_theorem(row, seed):
    spec, options, name = LIMITS[row]
    clients = 2 if "fed" in row else 0
    f = model(4 if clients else 3, clients, seed)
    step, method = admissible(row, f, spec, options)
    statement = theorem(row).statement()
    curves = enumerated_left(statement, f, name, step, 2)
    for T in (1, 2):
        facts = facts_of(f, method, START, T)
        gap = {sym.gap(0): float(curves["gap"][0])}
        bound = float(evaluate(statement.right, facts, gap))
        if statement.left.func == sym.gap:
            left = float(curves["gap"][T])
        else:
            growth = float(evaluate(statement.left.args[1], facts))
            weights = (1 + growth) ** -np.arange(1.0, T + 1)
            left = float(weights @ [float(v) for v in curves["grad_sq"][:T]] / weights.sum())
        assert 0 < left <= bound * (1 + 64 * EPS)
        # A bound so far off that it cannot be told from a wrong one would make the check idle.
        assert left >= bound / 1000


def test_noise_of_the_kernel_is_that_of_the_recursion():
    """N(0, v/dim) noise on every entry adds v/dim n I to E[xi xi^T]; unbounded, so eight standard errors."""
    k, variance, steps = np.array([1.0, 0.5, 0.25]), 0.3, 4
    f = objective("spectrum-left", m=3, n=2, spectrum=[float(v) for v in k])
    method = METHODS["rac-lora-noise"](1.2, variance=variance, law=Haar(2))
    run = simulate(f, method, f.centre + 1.0, steps, 4000, "world/noise")
    noise = np.full(3, variance / f.dim * 2)
    chain = RowRecursion(k, 1.2, haar(3, 2).convert(float), noise)
    expected = np.array(chain.expected(np.full(3, 2.0), steps))
    spread = run.gap.std(axis=0) / np.sqrt(run.seeds)
    assert np.all(np.abs(run.gap.mean(axis=0) - expected) <= 8 * spread + 64 * EPS * expected[0])
    silent = RowRecursion(k, 1.2, haar(3, 2).convert(float))
    without = np.array(silent.expected(np.full(3, 2.0), steps))
    assert np.abs(run.gap.mean(axis=0) - without)[-1] > 8 * spread[-1]
