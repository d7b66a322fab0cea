"""Links that fine-tuning takes, by exact expectations."""

import numpy as np
import pytest

from ractheory.claims import claim
from ractheory.compare.build import experiment
from ractheory.compare.exactly import moments_of
from ractheory.errors import UsageError
from ractheory.experiments import Asked, family
from ractheory.experiments.figure_2 import links_to


def ask(**parameters):
    return family("figure-2").measure(Asked("figure-2/test", "speed", parameters))


def test_the_first_link_below_the_share_is_found():
    ran = experiment(claim("gd-pl/fine-tuning/haar-r10"), "ractheory")
    moments = moments_of(ran.objective, ran.method, ran.start)
    t, left = links_to(1e-2, moments)
    values = moments.expected(1, t)[0]
    assert left == pytest.approx(values[t] / values[0], rel=1e-12)
    assert np.all(values[:t] > 1e-2 * values[0])
    assert values[t] <= 1e-2 * values[0]


def test_full_rank_is_gradient_descent():
    """At r = m a link is a gradient step: E f - f* is the sum of the eigenvalues' own contractions."""
    ran = experiment(claim("gd-pl/fine-tuning/haar-r50"), "ractheory")
    moments = moments_of(ran.objective, ran.method, ran.start)
    t, left = links_to(1e-2, moments)
    f, w = ran.objective, ran.start
    for _ in range(t):
        w = w - ran.method.step * f.flat_gradient(w)
    start = f.flat_value(ran.start) - f.constants.fstar
    assert (f.flat_value(w) - f.constants.fstar) / start == pytest.approx(left, rel=1e-9)


def test_a_tenth_suffices_to_see_the_rank_and_its_square():
    assert ask(share=0.1, ranks=(1, 10)).decision.verdict == "confirmed"
    wrong = ask(share=0.1, ranks=(1, 10), power=2).decision
    assert wrong.verdict == "refuted"
    assert wrong.observed > 9


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"ranks": (1, 3)}, "ranks"), ({"ranks": 5}, "ranks"), ({"share": 1.0}, "share"),
        ({"power": 0.5}, "power"), ({"within": 0.5}, "within"), ({"rank": 1}, "rank"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_named(wrong, says):
    with pytest.raises(UsageError, match=says):
        ask(**wrong)
