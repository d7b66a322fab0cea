"""What the figure of a claim shows, and that its curves lie where their values are."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from ractheory.report.figure import chart_of
from ractheory.report.svg import (
    BOTTOM,
    HEIGHT,
    LEFT,
    POINTS,
    RIGHT,
    TOP,
    WIDTH,
    Band,
    Chart,
    Interval,
    Line,
    chart_svg,
)
from ractheory.theorems import THEOREMS, Facts, evaluate
from ractheory.theorems.symbols import gap
from tests.report.sample import PATHWISE_GAPS, claim_of, curves_of


def lines(chart, style):
    return [mark for mark in chart.marks if isinstance(mark, Line) and mark.style == style]


def path_points(svg, style):
    root = ElementTree.fromstring(svg)
    (path,) = [e for e in root.iter("path") if e.get("class") == style]
    return np.array([[float(x) for x in pair.split()] for pair in path.get("d")[1:].split("L")])


def test_the_bound_on_suboptimality_is_drawn_with_the_runs():
    claim = claim_of("gd-pl", "sharp", 0)
    curves = curves_of(claim)
    chart = chart_of(claim, curves)
    (run,), (bound,) = lines(chart, "run"), lines(chart, "bound")
    assert np.array_equal(run.y, curves["mean"])
    assert np.array_equal(bound.y, curves["bound"], equal_nan=True)
    (interval,) = [m for m in chart.marks if isinstance(m, Interval)]
    assert (interval.t, interval.low, interval.high) == (40, 0.5, 0.7)


def test_a_bound_on_the_mean_gradient_is_held_against_the_mean_gradient():
    claim = claim_of("gd-nonconvex", "sharp", 0)
    curves = curves_of(claim)
    (run,) = lines(chart_of(claim, curves), "run")
    naive = [np.mean(curves["grad_sq"][:T]) for T in range(1, 41)]
    assert run.t[0] == 1
    assert np.allclose(run.y, naive, rtol=1e-13)


@pytest.mark.parametrize(("theorem", "statement"), PATHWISE_GAPS)
def test_a_pathwise_bound_is_drawn_where_its_constants_are_recorded(theorem, statement):
    claim = claim_of(theorem, statement, 0)
    curves = curves_of(claim)
    drawn = lines(chart_of(claim, curves), "bound")
    right = THEOREMS[theorem].statement(statement).right
    values = {"T": curves["t"], "t": curves["t"]}
    try:
        wanted = evaluate(right, Facts({**claim["parameters"], **values}), {gap(0): 1.0})
    except KeyError:
        assert not drawn
        return
    if theorem == "counterexample" or drawn:
        assert np.allclose(drawn[0].y, np.broadcast_to(wanted, curves["t"].shape))


def test_a_statement_on_something_else_is_not_drawn_over_the_suboptimality():
    claim = claim_of("subgradient", "mean iterate", 0)
    chart = chart_of(claim, curves_of(claim))
    assert not lines(chart, "bound")
    assert not [m for m in chart.marks if isinstance(m, Interval)]


def test_curves_lie_where_their_values_are():
    t = np.arange(11.0)
    svg = chart_svg(Chart((Line(t, 10.0**-t, "run"),), "y", "title"))
    points = path_points(svg, "run")
    assert np.allclose(points[:, 0], LEFT + t / 10 * (WIDTH - LEFT - RIGHT), atol=0.05)
    assert np.allclose(points[:, 1], TOP + t / 10 * (HEIGHT - TOP - BOTTOM), atol=0.05)


def test_what_is_off_the_scale_stays_on_the_sheet():
    t = np.arange(3000.0)
    with np.errstate(over="ignore"):
        y = np.where(t > 100, np.inf, 10.0 ** (t - 50))
    chart = Chart(
        (Line(t, y, "run"), Band(t, np.zeros(3000), y), Interval(9.0, 0.0, 1.0)), "y", "x"
    )
    svg = chart_svg(chart)
    assert not re.search(r"nan|inf", svg)
    points = path_points(svg, "run")
    assert len(points) <= POINTS
    assert points[:, 1].min() >= TOP - 0.05
    assert points[:, 1].max() <= HEIGHT - BOTTOM + 0.05


@pytest.mark.parametrize("values", [[0.0, 0.0], [np.nan, np.nan], [-1.0, 0.0]])
def test_nothing_positive_makes_no_chart(values):
    assert chart_svg(Chart((Line(np.arange(2.0), np.array(values), "run"),), "y", "x")) == ""


def test_one_value_makes_a_chart():
    svg = chart_svg(Chart((Line(np.zeros(1), np.ones(1), "run"),), "y", 'a "name" & <b>'))
    assert ElementTree.fromstring(svg).get("aria-label") == 'a "name" & <b>'


def test_a_record_without_curves_has_no_chart():
    assert chart_of(claim_of("gd-pl", "sharp", 0), {}) is None
