"""Tightness: every family has its claim, the values of the theory are reached, and a broken bound is seen."""

from dataclasses import replace
from fractions import Fraction as F
from importlib.util import find_spec

import pytest

from ractheory.claims import claim
from ractheory.claims.tightness import CLAIMS, REACHES, WORST_CASES
from ractheory.compare.comparison import check_claim
from ractheory.compare.tight import verdict_of
from ractheory.errors import UsageError
from ractheory.exact.arithmetic import rational
from ractheory.theorems import THEOREMS
from ractheory.tightness import FAMILIES, Instance, family, search
from ractheory.tightness.reasons import REASONS
from ractheory.tightness.sums import dissimilarity

CHOSEN = (
    "descent/isotropic", "gd-nonconvex/quadratics-as-printed", "gd-pl/quadratics", "gd-pl/quadratics-kappa-10",
    "gd-pl-isotropic/quadratics-kappa-10", "gd-convex/huber", "exact-quadratic/quadratics-kappa-10",
    "effective-dimension/quadratics-kappa-10-one-step", "exact-links/isotropic",
    "link-lower-bound/isotropic", "cola-mean-square/isotropic", "polyak/plane-half", "subgradient/plane-half",
    "sgd-nonconvex/sums-of-two", "sgd-pl/sums-of-two-as-printed", "rr-nonconvex/sums-of-two",
    "fed-rr-pl/one-client", "lora-adaptive/scalars", "bernoulli-gd-pl/isotropic", "sign-floor/one-link",
)  # fmt: skip
"""At least one of each kind; all of them run in the main job."""


def test_every_theorem_has_a_family_or_a_reason_why_not():
    rows = {f.row for f in FAMILIES.values()}
    assert rows | set(REASONS) == set(THEOREMS)
    assert not rows & set(REASONS)


def test_every_family_is_claimed_once():
    assert {*REACHES, *WORST_CASES} == set(FAMILIES)
    assert {c.objective.name for c in CLAIMS} == set(FAMILIES)


@pytest.mark.parametrize("name", CHOSEN)
def test_every_claim_is_confirmed_with_another_seed_too(name):
    found = check_claim(claim(f"tightness/{name}"), seed="another")
    assert found.verdict == "confirmed"
    assert found.ratio <= 1
    assert found.to_json()["parameters"]["instance"]


@pytest.mark.skipif(find_spec("PEPit") is None, reason="the extra pep is not installed")
@pytest.mark.parametrize("name", ["gd-pl/worst-case-kappa-10", "gd-convex/worst-case"])
def test_the_worst_cases_are_those_of_the_theory(name):
    assert check_claim(claim(f"tightness/{name}")).verdict == "confirmed"


def test_the_values_of_the_theory_are_found():
    """Limits that the notes derive by hand: equal curvatures, N = 2, gamma = 1/(2 L N)."""
    shrink = F(3, 4)  # 1 - gamma
    moved = F(1, 16)  # gamma^2
    floor = moved**2 / (1 - shrink**4) / 2
    bound = F(2, 3) * moved * 4  # (2/3) gamma^2 L^2 N C/mu times N, C = 1
    found = search(family("rr-pl/sums-of-two"))
    assert found.ratio == pytest.approx(float(floor / (bound / 2)), rel=1e-12)


def test_dissimilarity_is_attained():
    """Q x^2 - 2 q x + P <= A x^2 + C with equality at x = -q/(A - Q)."""
    clients = [[(F(2), F(1)), (F(0), F(-1))]]
    A, C = dissimilarity(clients, F(1, 2))
    x = -F(1) / (A - 1)  # Q = 1, q = 1, P = 1
    assert x * x - 2 * x + 1 == A * x * x + C


def instance(left, right):
    return Instance(rational(left), rational(right), {})


def test_a_ratio_above_one_refutes_and_one_below_the_reach_decides_nothing():
    assert verdict_of(instance(F(11, 10), F(1)), 0.5, ()) == "refuted"
    assert verdict_of(instance(F(1), F(1)), 1.0, ()) == "confirmed"
    assert verdict_of(instance(F(4, 10), F(1)), 0.5, ()) == "undecided"


def test_a_bound_that_is_too_small_is_refuted_by_the_search():
    """The planted error of the trust suite: the floor of the printed row divided by 3."""
    tight = family("sgd-pl/sums-of-two-as-printed")

    def shrunk(point):
        found = tight.instance(point)
        return None if found is None else replace(found, right=found.right / 3)

    found = search(replace(tight, instance=shrunk))
    assert found.fails
    assert verdict_of(found, 0.5, ()) == "refuted"


def test_a_search_is_the_same_for_the_same_seed():
    tight = family("gd-convex/huber")
    assert search(tight, "x").description == search(tight, "x").description


def test_an_unknown_family_is_named():
    with pytest.raises(UsageError, match="no-such"):
        family("gd-pl/no-such")
