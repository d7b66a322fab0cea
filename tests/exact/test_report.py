"""The report of `ractheory exact`: its contract, its numbers, and every kind of bad input."""

import json
from fractions import Fraction as F

import numpy as np
import pytest

from ractheory.errors import UsageError
from ractheory.exact import worlds
from ractheory.exact.quadratics import QuadraticSum, fractions
from ractheory.exact.report import exact_report

EPS = np.finfo(float).eps
KEYS = {"t", "expected", "bounds", "spectral_radius", "stable", "step_limit", "best_step", "L_eff"}
GOOD = {"spectrum": "4,1,1/2,0", "columns": 3, "rank": 2, "step": "0.2", "steps": 5}


def report(**changes):
    return exact_report(**{**GOOD, **changes})


def test_the_report_is_json_with_the_keys_of_the_contract():
    answer = report()
    assert set(answer) >= KEYS
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert answer["t"] == list(range(6))
    assert answer["expected"][0] == 0.5 * 3 * 5.5
    assert all(len(curve) == 6 for curve in answer["bounds"].values())


def test_bounds_hold_and_gd_pl_is_attained_at_condition_one():
    answer = report(spectrum="2,2,2", step="1/2", steps=8, arithmetic="rational")
    for value, bound in zip(answer["expected"], answer["bounds"]["gd-pl"], strict=True):
        assert abs(value - bound) <= 16 * 8 * EPS * bound  # a power of a factor of a few roundings
    assert answer["certified"]["gd-pl"] is True
    for spectrum in ("4,1,1/2,0", "1,1e-3,1e-3", "7"):
        answer = report(spectrum=spectrum, rank=1, step="1/8", steps=30, arithmetic="rational")
        assert answer["bounds"]
        assert all(answer["certified"].values())
        for curve in answer["bounds"].values():
            assert all(e <= b * (1 + 64 * EPS * 30)
                       for e, b in zip(answer["expected"], curve, strict=True))  # fmt: skip


def test_a_step_above_the_limit_of_a_theorem_is_said_to_be_so():
    answer = report(step="0.6")
    assert "gd-pl" not in answer["bounds"]
    assert "gamma" in answer["not_applicable"]["gd-pl"]
    assert answer["stable"] is True  # above 2/L and still stable: the effective dimension


def test_rational_and_float_agree_and_the_strings_are_exact():
    rational, plain = report(steps=40, arithmetic="rational"), report(steps=40)
    exact = [F(text) for text in rational["expected_exact"]]
    assert rational["expected"] == [float(v) for v in exact]
    for value, reference in zip(plain["expected"], exact, strict=True):
        # Nonnegative sums: a step multiplies the relative error by at most 1 + (4 + 8) eps,
        # the diagonal's own cancellation (1 - 2 a rho + a^2 c1 >= 1/20 here) counted twentyfold.
        assert abs(F(value) - reference) <= F(40 * 20 * 12 * EPS) * reference


def test_coordinates_equal_the_enumeration():
    answer = report(spectrum="4,1,1/2", columns=1, rank=2, steps=3, sketch="coordinate",
                    arithmetic="rational", start_energy="1,4,1/9")  # fmt: skip
    K = fractions([[4, 0, 0], [0, 1, 0], [0, 0, "1/2"]])
    problem = QuadraticSum((K,), (fractions([[0], [0], [0]]),))
    links = worlds.gradient_links(problem, worlds.coordinate_projections(3, 2), F(1, 5))
    start = fractions([[1], [2], ["1/3"]])
    curve = worlds.enumerate_chain(start, links, {"f": problem.value}, 3)["f"]
    assert [F(text) for text in answer["expected_exact"]] == curve


def test_the_side_names_the_shape_only():
    left, right = report(side="left"), report(side="right")
    assert left["expected"] == right["expected"]
    assert left["best_step"] == right["best_step"]


def test_start_energies_default_to_a_matrix_of_ones():
    assert report(start_energy=[3, 3, 3, 3])["expected"] == report()["expected"]


def test_divergence_beyond_the_range_of_doubles_is_null():
    answer = report(step="1e60", steps=30)
    assert answer["stable"] is False
    assert answer["expected"][-1] is None
    json.dumps(answer, allow_nan=False)
    rational = report(step=1000, steps=200, arithmetic="rational")
    assert rational["expected"][-1] is None
    assert len(rational["expected_exact"][-1]) > 300


def test_large_layers_take_seconds():
    k = [1 / i for i in range(1, 2001)]
    answer = report(spectrum=k, columns=10, rank=20, step=1.0, steps=2000)
    assert answer["expected"][0] > answer["expected"][-1] > 0


BAD = [
    {"spectrum": ""}, {"spectrum": "0,0"}, {"spectrum": "1,-1"}, {"spectrum": "1,nan"},
    {"spectrum": "1,inf"}, {"spectrum": "1,x"}, {"spectrum": "1/0"}, {"spectrum": "1e999999999"},
    {"spectrum": "1e-999999999"}, {"spectrum": "1/2/3"}, {"spectrum": [None]}, {"spectrum": [True]},
    {"rank": 0}, {"rank": 5}, {"rank": 1.5}, {"rank": "2"}, {"columns": 0}, {"columns": 10**400},
    {"step": 0}, {"step": -1}, {"step": float("nan")}, {"step": "1e400"}, {"step": "fast"},
    {"steps": -1}, {"steps": 10**9}, {"steps": 2.5}, {"side": "top"}, {"sketch": "hadamard"},
    {"arithmetic": "exact"}, {"start_energy": "1,1"}, {"start_energy": "1,1,1,-1"},
    {"steps": 100_000, "arithmetic": "rational"}, {"spectrum": "9" * 1000},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD, ids=lambda change: str(change)[:40])
def test_bad_input_is_one_clear_line(change):
    with pytest.raises(UsageError) as caught:
        report(**change)
    text = str(caught.value)
    assert "\n" not in text
    assert "allowed is" in text


def test_the_mean_squared_gradient_is_exact_and_attains_its_bound_at_condition_one():
    answer = report(spectrum="2,2,2", step="1/2", steps=8)
    assert answer["mean_grad_sq"][0] is None
    for t in range(1, 9):
        value, bound = answer["mean_grad_sq"][t], answer["gradient_bounds"]["gd-nonconvex"][t]
        assert abs(value - bound) <= 64 * 8 * EPS * bound
    assert answer["mean_grad_sq"][1] == pytest.approx(4 * 9, rel=8 * EPS, abs=0)


def test_every_row_of_the_theory_that_applies_is_there():
    rows = set(report(step="1/8")["bounds"])
    assert rows == {
        "gd-pl", "gd-pl-isotropic", "gd-convex", "effective-dimension", "exact-quadratic"
    }  # fmt: skip
    above = report(spectrum="1,1e-2,1e-2,1e-2", rank=1, step="2.5")  # above 2/L, below 2/L_eff
    assert set(above["bounds"]) == {"effective-dimension", "exact-quadratic"}
    assert "effective-dimension" in report(sketch="coordinate", step="1/8")["bounds"]
