"""Second moments without sampling: against enumeration, against each other, and their round-off."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from ractheory.claims.claim import MethodSpec, ObjectiveSpec
from ractheory.compare.build import build_method, build_objective, start_point
from ractheory.compare.curvature import curvature_at, projection_level
from ractheory.compare.exactly import Moments, moments_of
from ractheory.engine.simulate import simulate
from ractheory.exact.chains import Part
from ractheory.exact.quadratics import QuadraticSum
from ractheory.exact.worlds import coordinate_projections, enumerate_chain, gradient_links

LEFT = ObjectiveSpec("spectrum-left", {"m": 4, "n": 2, "spectrum": [1.0, 0.5, 0.25, 0.25]})
ROTATED = ObjectiveSpec("spectrum-left", {"m": 5, "n": 3, "rotate": True})


def moments(f: ObjectiveSpec, method: MethodSpec, start: str = "normal:1") -> Moments | None:
    objective = build_objective(f)
    return moments_of(objective, build_method(method, objective), start_point(start, f, "test"))


def test_coordinates_against_the_enumeration_of_all_sketches() -> None:
    f = build_objective(LEFT)
    chain = moments(LEFT, MethodSpec(law="coordinates", rank=2, step=1.5), "offset:1")
    assert chain is not None
    K = np.diag([Fraction(k) for k in (1.0, 0.5, 0.25, 0.25)])
    problem = QuadraticSum((K,), (np.array([[Fraction(0)] * 2] * 4),))
    start = np.array([[Fraction(1)] * 2] * 4)
    gamma = Fraction(3, 2) / Fraction(f.constants.L or 0)
    links = gradient_links(problem, coordinate_projections(4, 2), gamma)
    exact = enumerate_chain(start, links, {"f": problem.value}, 3)["f"]
    values, errors = chain.expected(1, 3)
    assert np.all(np.abs(values / 2 - np.array(exact, dtype=float)) <= errors)
    assert np.all(errors <= 1e-12 * values)


@pytest.mark.parametrize(
    ("f", "method"),
    [
        (ROTATED, MethodSpec(rank=2, step=1.2)),
        (ROTATED, MethodSpec(rank=2, side="right")),
        (ObjectiveSpec("counterexample"), MethodSpec(rank=2, side="right", law="coordinates")),
        (ObjectiveSpec("spectrum-right", {"m": 5, "n": 4}),
         MethodSpec(rank=2, side="right", law="hadamard")),
        (ObjectiveSpec("isotropic"), MethodSpec(rank=2, options={"inner": "exact"})),
        (ObjectiveSpec("spectrum-left", {"m": 6, "n": 3, "spectrum": [2, 2, 2, 2, 0, 0]}),
         MethodSpec(rank=2, options={"inner": "exact"})),
        (ROTATED, MethodSpec(rank=2, law="gaussian", unit="1/L_plain", options={"inner": "plain"})),
        (ObjectiveSpec("isotropic"), MethodSpec("cola", 0.2, rank=2)),
        (ROTATED, MethodSpec("fpft", 0.7)),
    ],
    ids=str,
)  # fmt: skip
def test_against_the_mean_of_the_next_iterate_and_of_runs(
    f: ObjectiveSpec, method: MethodSpec
) -> None:
    chain = moments(f, method)
    assert chain is not None
    values, errors = chain.expected(1, 3)
    starts = [np.diag(p.start) if p.by_rows else p.start for p in chain.chain.parts]
    forms = zip(chain.next_value(), starts, strict=True)
    assert sum(np.vdot(Q, S) for Q, S in forms) == pytest.approx(values[1] / 2, rel=1e-13)
    objective = build_objective(f)
    run = simulate(objective, build_method(method, objective), start_point("normal:1", f, "test"), 3,
                   4000, "test-exactly")  # fmt: skip
    spread = run.gap.std(axis=0) / np.sqrt(run.seeds)
    assert np.all(np.abs(run.gap.mean(axis=0) - values / 2) <= 6 * spread + errors + 1e-12 * values)


def test_rows_and_matrices_agree() -> None:
    """The same chain by its row energies, and by its whole second moment."""
    found = moments(ROTATED, MethodSpec(rank=2))
    assert found is not None
    chain = found.chain
    assert chain.parts[0].by_rows
    f = build_objective(ROTATED)
    form = f.quadratic_form()
    assert form is not None
    D = (start_point("normal:1", ROTATED, "test") - f.centre).reshape(f.shapes[0])  # type: ignore[attr-defined]
    whole = Moments(replace(chain, parts=(Part(form[1], D @ D.T),)))
    for power in range(4):
        rows, errors = found.expected(power, 10)
        matrices, more = whole.expected(power, 10)
        assert np.all(np.abs(rows - matrices) <= errors + more)
        assert np.all(errors <= 1e-10 * rows)


@pytest.mark.parametrize(
    "method",
    [
        MethodSpec("lora"),
        MethodSpec("asymlora"),
        MethodSpec(law="rademacher"),
        MethodSpec(side="bernoulli"),
        MethodSpec(options={"inner": "pseudo-inverse", "inner_steps": 2}),
        MethodSpec(options={"inner": "exact"}),
        MethodSpec("cola", options={"inner_steps": 2}),
    ],
    ids=str,
)
def test_what_does_not_close_is_refused(method: MethodSpec) -> None:
    assert moments(ROTATED, method) is None


def test_curvature_as_the_sketch_meets_it() -> None:
    f = build_objective(ObjectiveSpec("isotropic", {"m": 3, "n": 2, "L": 2.0}))
    for side, d in (("left", 3), ("right", 2)):
        found = curvature_at(f, side)
        assert found is not None
        assert (found.side, found.eigenvalues) == (side, (2.0,) * d)
    other = moments(ROTATED, MethodSpec(side="right"))
    assert other is not None
    assert len(other.chain.parts) == 5  # one for each eigenvalue on the side that H does not act on
    assert projection_level(np.diag([2.0, 2.0, 0.0])) == (2.0, 2)
    assert projection_level(np.diag([2.0, 1.0, 0.0])) is None
