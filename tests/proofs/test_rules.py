"""The rules for laws and limits refuse what is not of their shape."""

from dataclasses import replace

import pytest
import sympy as sp

from proofs_check.bookkeeping import column_moments, half_normal
from proofs_check.chance import Chance
from proofs_check.drifts import antiderivative, enclose, enclosed_sign
from proofs_check.every_step import a, escape, gaussian_power, reach, two_inner_steps
from proofs_check.kernel import Rejected, Session, le
from proofs_check.limits import beta_ratio, geometric_rate, vanishing_gradient
from proofs_check.links import projected_step, sketched
from proofs_check.means import Mean
from ractheory.theorems import theorem
from ractheory.theorems.symbols import d, gap, grad_sq, r, shift, t, x


def test_moments_of_a_sign_column_by_enumeration_of_one_dimension() -> None:
    """In dimension one U = sum |z_k|: E U^2 = r + r (r - 1) 2/pi."""
    session = Session(theorem("sign-floor"))
    mean_sq, second = column_moments(session)
    one_dimension = {d: 1, r: 3}
    e = half_normal(session)
    z = sp.Symbol("z", real=True)
    density = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
    assert sp.simplify(2 * sp.integrate(z * density, (z, 0, sp.oo)) - e) == 0
    assert sp.simplify(second.subs(one_dimension) - (3 + 6 * e**2)) == 0
    assert sp.simplify(mean_sq.subs(one_dimension) - 9 * e**2) == 0


@pytest.mark.parametrize(("power", "value"), [(1, 0), (2, 1), (3, 0), (4, 3), (6, 15)])
def test_gaussian_powers(power: int, value: int) -> None:
    z = sp.Symbol("z", real=True)
    density = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
    assert gaussian_power(a**power) == value
    assert sp.integrate(z**power * density, (z, -sp.oo, sp.oo)) == value


def test_escape_is_for_its_own_link() -> None:
    session = Session(theorem("cola-every-step"))
    link = two_inner_steps(session)
    with pytest.raises(Rejected, match="does not add up"):
        escape(session, "escape", replace(link, after=2 * link.after))
    with pytest.raises(Rejected, match="leading coefficient"):
        reach(session, replace(link, after=shift(t) * a**2))


def test_an_enclosure_decides_a_sign() -> None:
    session = Session(theorem("cola-every-step"))
    assert enclose(sp.pi) > 3
    with pytest.raises(Rejected, match="not positive"):
        enclosed_sign(session, "wrong", sp.exp(1) - sp.pi)
    with pytest.raises(Rejected, match="not positive"):
        enclosed_sign(session, "zero", sp.sqrt(2) * sp.sqrt(3) - sp.sqrt(6))


def test_an_antiderivative_is_checked() -> None:
    with pytest.raises(Rejected, match="derivative"):
        antiderivative(
            Session(theorem("cola-almost-sure")), "wrong", sp.exp(2 * x), sp.exp(2 * x), x
        )


def test_limits_want_their_premises() -> None:
    session = Session(theorem("time-uniform"))
    chance, H = sketched(session)
    step = projected_step(session, chance, H)
    other = session.register("another shape", le(step.mean(gap(t + 1)), gap(t) ** 2), frozenset())
    with pytest.raises(Rejected, match="needs E_t"):
        geometric_rate(session, "almost-sure rate", step, other, sp.Rational(1, 2))
    falls = session.register(
        "falls", le(Mean(gap(t + 1)), Mean(gap(t)) - Mean(grad_sq(t))), frozenset()
    )  # fmt: skip
    with pytest.raises(Rejected, match="needs the expected descent"):
        vanishing_gradient(session, "vanishing gradient", falls, sp.Integer(1), falls)


def test_a_law_is_that_of_its_link() -> None:
    from proofs_check.limits import projection_of_rank_one
    from proofs_check.quadratics import isotropic_link

    session = Session(theorem("time-uniform"))
    step, H = isotropic_link(session)
    link = projection_of_rank_one(session, step, H)
    with pytest.raises(Rejected, match="not the statement"):
        beta_ratio(session, "law of a link", replace(link, a=link.b, b=link.a))
    other = Session(theorem("gd-pl"))
    with pytest.raises(Rejected, match="does not assume"):
        projection_of_rank_one(other, step, Chance(other).sketch("H"))
