"""Attempts to have something false accepted, each by one rule of the checker; every one is refused."""

from dataclasses import replace

import pytest
import sympy as sp

from proofs_check import PROOFS, discipline
from proofs_check.algebra import Projection, dot, norm_sq, vector
from proofs_check.chance import Chance
from proofs_check.conclusions import finish
from proofs_check.kernel import Fact, Gram, Rejected, Session, eq, le, lt
from proofs_check.limits import all_times
from proofs_check.links import certified_step, projected_step, sketched
from proofs_check.means import Mean
from proofs_check.points import auxiliary, bounded_below, smooth
from proofs_check.proof import Proof, attempt, run
from proofs_check.recursion import induction, instance, partial_sum
from ractheory.assumptions import CertifiedLinks
from ractheory.theorems import theorem
from ractheory.theorems.gradient import GAIN, GD_PL
from ractheory.theorems.symbols import (
    D0_sq,
    L,
    T,
    gamma,
    gap,
    grad_sq,
    lam_min,
    mu,
    rho,
    t,
)

one = sp.Integer(1)
u, v = vector("u"), vector("v")


@pytest.fixture
def session() -> Session:
    return Session(theorem("gd-pl"))


# Certificates ------------------------------------------------------------------------------------


@pytest.mark.parametrize("root", [sp.I, sp.sqrt(-gamma), sp.sqrt(1 - gamma)], ids=str)
def test_a_square_is_of_a_real_number(session: Session, root: sp.Expr) -> None:
    """Else |sqrt(1 - gamma)|^2 would make every gamma at most 1."""
    with pytest.raises(Rejected, match=r"real|not proved nonnegative"):
        session.prove("imaginary", le(0, root**2), squares=[(1, root)])


def test_a_vector_has_real_coefficients(session: Session) -> None:
    with pytest.raises(Rejected, match="real"):
        session.prove("imaginary", le(norm_sq(u), 0), squares=[(1, sp.I * u)])
    with pytest.raises(Rejected, match="real"):
        session.prove("form", le(norm_sq(u), 0), gram=[Gram((sp.I * u,), sp.Matrix([[1]]))])


def test_an_even_power_of_an_unreal_root_has_no_sign(session: Session) -> None:
    """(sqrt(x) + c)^2 + (sqrt(x) - c)^2 = 2 x + 2 c^2 would bound every x below by -c^2."""
    x, c = 1 - gamma, sp.Rational(1, 10)
    with pytest.raises(Rejected, match="not proved nonnegative"):
        session.prove(
            "both", le(-(c**2), x),
            squares=[((sp.sqrt(x) + c) ** 2 / 2, one), ((sp.sqrt(x) - c) ** 2 / 2, one)],
        )  # fmt: skip


def test_an_equation_is_not_divided_by_what_may_vanish(session: Session) -> None:
    """lam_min u = 0 says nothing about u where lam_min is zero."""
    with session.supposing(eq(lam_min * dot(u, v), 0)) as (equation,):  # noqa: SIM117
        with pytest.raises(Rejected, match="divisor"):
            session.prove("divided", eq(dot(u, v), 0), terms=[(1 / lam_min, equation)])
    with session.supposing(le(0, lam_min * dot(u, v))) as (inequality,):
        with pytest.raises(Rejected, match=r"positive|nonnegative"):
            session.prove("divided", le(0, dot(u, v)), terms=[(1 / lam_min, inequality)])
        with pytest.raises(Rejected, match="positive"):
            session.divide(inequality, lam_min)


def test_a_declared_sign_is_no_strict_sign(session: Session) -> None:
    with pytest.raises(Rejected, match="strict"):
        session.prove("strict", lt(0, rho), squares=[(rho, one)])
    with pytest.raises(Rejected):
        session.prove_sign("a divisor", le(0, 1 / rho))


def test_operators_keep_their_order(session: Session) -> None:
    H, P = Projection("H"), Projection("P")
    with pytest.raises(Rejected, match="does not add up"):
        session.prove("commuting", eq(dot(H(u), P(v)), dot(P(u), H(v))))
    with pytest.raises(Rejected, match="does not add up"):
        session.prove("larger", le(norm_sq(u), norm_sq(H(u))), squares=[(1, u - H(u))])


# Suppositions ------------------------------------------------------------------------------------


def test_an_induction_hypothesis_is_not_moved_on(session: Session) -> None:
    """Else its instance at t + 1 would be the step, and a base proved everything."""
    with pytest.raises(Rejected, match="supposed at one link"):
        induction(
            session, "for nothing", le(gap(t), gap(0)), t, ([], []),
            lambda previous: ([(1, instance(session, previous(), {t: t + 1}))], []),
        )  # fmt: skip


def test_nothing_is_concluded_from_an_induction_hypothesis(session: Session) -> None:
    sharp = session.theorem.statement("sharp")

    def step(previous: object) -> tuple[list, list]:
        supposed = previous()  # type: ignore[operator]
        finish(session, "sharp", terms=[(1, supposed)])
        return [], []

    goal = le(Mean(gap(T)), sharp.right)
    with pytest.raises(Rejected, match=r"does not assume supposition|base"):
        induction(session, "itself", goal, T, ([], []), step)
    with session.supposing(goal) as (supposed,), pytest.raises(Rejected, match="does not assume"):
        finish(session, "sharp", terms=[(1, supposed)])
    assert session.concluded == set()


def test_a_case_of_one_run_is_not_averaged(session: Session) -> None:
    """X >= 1 in this run does not give E X >= 1, and "X >= 1 or X <= 1" no two cases for E X."""
    chance = Chance(session)
    with session.supposing(le(1, gap(t))) as (case,):
        with pytest.raises(Rejected, match="supposed of one run"):
            chance.total("E X >= 1", case)
        H = chance.sketch("H")
        with pytest.raises(Rejected, match="supposed of one run"):
            chance.average("E X >= 1", case, H)


def test_a_case_is_no_class_of_functions(session: Session) -> None:
    """In the case gap <= 1 the rule for unbounded f would prove 1 <= 0."""
    with session.supposing(le(gap(t), 1), le(2 * gap(t), gap(t + 1))) as (bounded, growth):
        with pytest.raises(Rejected, match="only supposed"):
            session.unbounded(bounded, growth, gap(t), gap(t + 1))
        with pytest.raises(Rejected, match="only supposed"):
            session.cancel(bounded, gap(t))


def test_what_was_supposed_is_gone(session: Session) -> None:
    with session.supposing(le(gamma, 0)) as (supposed,):
        derived = session.prove("derived", le(2 * gamma, 0), terms=[(2, supposed)])
    with pytest.raises(Rejected, match="neither proved nor assumed"):
        session.prove("leak", le(gamma, 0), terms=[(sp.Rational(1, 2), derived)])


# Names -------------------------------------------------------------------------------------------


def test_a_constant_of_the_theorem_is_not_specialised(session: Session) -> None:
    """The descent lemma holds for the L of f and for no half of it."""
    chance, H = sketched(session)
    step = projected_step(session, chance, H)
    lemma = smooth(session, step.here, step.there)
    with pytest.raises(Rejected, match="not free"):
        session.specialise(lemma, L, L / 2)


def test_an_abbreviation_is_one_number(session: Session) -> None:
    a = sp.Symbol("a", positive=True)
    with pytest.raises(Rejected, match="not one number"):
        session.abbreviate(a, 1 + t)
    full = session.abbreviate(a, 1 + gamma)
    with pytest.raises(Rejected, match="not free"):
        session.specialise(full, a, one)
    with pytest.raises(Rejected, match="another number"):
        session.abbreviate(L, gamma)


def test_an_abbreviation_hides_no_hypothesis() -> None:
    """2 - gamma L is positive by a condition that the theorem's first statement must list."""
    wrong = replace(
        GD_PL, hypotheses=tuple(h for h in GD_PL.hypotheses if h.name != "step below 2/L")
    )
    session, a = Session(GD_PL), sp.Symbol("a", positive=True)
    stable = session.condition("step below 2/L")
    session.abbreviate(a, 2 - gamma * L)
    positive = session.prove("a > 0", lt(0, a), squares=[(a, one)])
    weaker = session.prove("a square", le(0, a * mu), squares=[(a * mu, one)])
    assert stable.uses <= positive.uses
    assert stable.uses <= weaker.uses
    assert "step below 2/L" not in {h.name for h in wrong.hypotheses}


def test_a_name_means_one_thing(session: Session) -> None:
    partial_sum(session, "S", lambda k: one)
    with pytest.raises(Rejected, match="already defined"):
        partial_sum(session, "S", lambda k: 2 * one)


# Chance ------------------------------------------------------------------------------------------


def test_a_sketch_is_random_before_it_is_used(session: Session) -> None:
    """Else the link would count as independent of its own sketch."""
    chance = Chance(session)
    projected_step(session, chance, Projection("H"))
    with pytest.raises(Rejected, match="before it was declared random"):
        chance.sketch("H")


def test_a_later_link_depends_on_the_sketch(session: Session) -> None:
    """gap(t + 2) <= gap(t + 1) for all sketches does not bound gap(t + 2) by the mean of gap(t + 1)."""
    chance, H = sketched(session)
    projected_step(session, chance, H)
    with session.supposing(le(gap(t + 2), gap(t + 1))) as (later,), pytest.raises(Rejected):
        chance.average("average", later, H)
    fact = session.register("as if proved", le(gap(t + 2), gap(t + 1)), frozenset())
    with pytest.raises(Rejected, match="not known what"):
        chance.average("average", fact, H)


def test_a_mean_times_what_it_averages_is_not_merged(session: Session) -> None:
    """E[X E_t X] is no E X^2; else (X - E_t X)^2 >= 0 would bound E X^2 above by E (E_t X)^2."""
    chance, H = sketched(session)
    step = projected_step(session, chance, H)
    X, M = gap(t + 1), step.mean(gap(t + 1))
    square = session.prove("a square", le(0, (X - M) ** 2), squares=[(1, X - M)])
    total = chance.total("its mean", square)
    assert total.expr.coeff(Mean(X * M)) == -2
    assert total.expr.coeff(Mean(X**2)) == 1


def test_a_dependent_sketch_stays_under_its_mean(session: Session) -> None:
    """<G_{t+1}, H v> has no E[H] in it: the new gradient depends on H."""
    chance, H = sketched(session)
    step = projected_step(session, chance, H)
    N = step.there.g
    fact = session.prove("a square", le(0, norm_sq(H(N))), squares=[(1, H(N))])
    assert chance.average("mean", fact, H).expr.has(H)
    with pytest.raises(Rejected, match="not random through"):
        chance.mean_vector(step.here.g, H)


def test_a_fact_about_one_draw_stays_there(session: Session) -> None:
    """f at the point that one link would reach says nothing about other links."""
    chance, H = sketched(session)
    step = projected_step(session, chance, H)
    point = auxiliary(session, chance, step.here.x - step.here.g)
    fact = bounded_below(session, point)
    with pytest.raises(Rejected, match="another link"):
        instance(session, fact, {t: 0})


def test_a_random_number_is_no_term_of_a_sum_of_numbers() -> None:
    session = Session(theorem("cola-every-step"))
    from proofs_check.every_step import a, two_inner_steps

    two_inner_steps(session)
    with pytest.raises(Rejected, match="random"):
        partial_sum(session, "S", lambda k: a**2)


# What a proof by contradiction moves -------------------------------------------------------------


def test_only_the_suboptimality_is_positive_somewhere(session: Session) -> None:
    """0 <= |u|^2 = -1 (-|u|^2) would give 0 <= -1."""
    fact = session.prove("square", le(0, norm_sq(u)), squares=[(1, u)])
    with pytest.raises(Rejected, match="not a multiple"):
        session.cancel(fact, -norm_sq(u))
    square = session.prove("square of gap", le(0, gap(t) ** 2), squares=[(1, gap(t))])
    with pytest.raises(Rejected, match="not a multiple"):
        session.cancel(square, gap(t))


@pytest.mark.parametrize("c", [D0_sq - 1, 1 - t, gap(0) - 1], ids=str)
def test_a_factor_of_one_start_is_not_cancelled(session: Session, c: sp.Expr) -> None:
    """Where the start is the minimiser f - f* = 0, and c (f - f*) >= 0 says nothing about c."""
    fact = session.register("as if proved", le(0, c * gap(t)), frozenset())
    with pytest.raises(Rejected, match="not a multiple"):
        session.cancel(fact, gap(t))


# Links -------------------------------------------------------------------------------------------


def test_a_chain_has_one_rule() -> None:
    session = Session(theorem("inner-solver"))
    chance, H = sketched(session)
    certified_step(session, chance, H, CertifiedLinks)
    other = replace(session.theorem, hypotheses=(*session.theorem.hypotheses, *GD_PL.hypotheses))
    session.theorem = other
    with pytest.raises(Rejected, match="already ends elsewhere"):
        projected_step(session, chance, H)


def test_a_certificate_compares_with_the_step_of_the_theorem() -> None:
    session = Session(theorem("inner-solver"))
    chance, H = sketched(session)
    step, certified = certified_step(session, chance, H)
    longer = auxiliary(session, chance, step.here.x - 2 * gamma * H(step.here.g))
    with pytest.raises(Rejected, match="exact projected step"):
        certified(longer)


def test_a_supermartingale_is_nonnegative() -> None:
    full = theorem("time-uniform")
    kept = tuple(h for h in full.hypotheses if h.name != "LowerBounded")
    session = Session(replace(full, hypotheses=kept))
    chance, H = sketched(session)
    step = projected_step(session, chance, H)
    fact = session.register(
        "as if proved", le(step.mean(gap(t + 1)), gap(t) / 2), frozenset()
    )  # fmt: skip
    with pytest.raises(Rejected, match="LowerBounded"):
        all_times(session, "all times", step, fact, sp.Rational(1, 2))


# The file of a proof -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "s.concluded.add('sharp')", "s.admit('x', le(1, 0), frozenset())", "s.theorem = other",
        "s._facts.clear()", "chance.sources.clear()", "chance.rules[H] = rule", "here.g.terms[w] = 0",
        "Fact('x', le(1, 0), frozenset())", "Chance(s).depends([g], frozenset())", "s.define(a, b)",
        "object.__setattr__(fact, 'uses', frozenset())", "getattr(s, 'admit')('x')",
        "import os", "from proofs_check.chance import Moments\nMoments(2)", "assert True",
        "try:\n    s.prove('x', goal)\nexcept Exception:\n    pass", "s.steps.append(step)",
        "from ractheory import objectives", "class Mine(Session):\n    pass", "s.register('x', goal, u)",
    ],
)  # fmt: skip
def test_a_proof_reaches_nothing_behind_the_rules(text: str) -> None:
    assert discipline.breaches(text)


def test_the_files_of_proofs_keep_to_the_rules() -> None:
    assert discipline.all_breaches() == ()


def test_a_breach_fails_every_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proofs_check.proof.all_breaches", lambda: ("x.py, line 1: reaches admit",))
    report = run(PROOFS["descent"])
    assert report.status == "failed"
    assert "reaches admit" in report.steps[-1].statement


def test_another_theorem_is_not_proved_by_this_script() -> None:
    swapped = Proof("gd-convex", PROOFS["gd-pl"].script, PROOFS["gd-pl"].planted)
    assert attempt(swapped, Session(theorem("gd-convex"))) is not None


def test_two_statements_of_one_name_are_not_one() -> None:
    th = theorem("descent")
    (sharp,) = th.statements
    doubled = replace(th, statements=(sharp, replace(sharp, relation=sp.Le(gap(T), 0))))
    assert "names of their own" in str(attempt(PROOFS["descent"], Session(doubled)))
    assert attempt(PROOFS["descent"], Session(replace(th, statements=()))) is not None


def test_a_strict_statement_needs_a_strict_proof(session: Session) -> None:
    sharp = session.theorem.statement("sharp")
    fact = session.register("weak", le(0, 1), frozenset())
    with pytest.raises(Rejected, match="strict"):
        session.conclude(sharp, fact, lt(0, 1))


def test_gain_is_no_pathwise_decrease(session: Session) -> None:
    """What holds in the mean over the sketch is not claimed of every run."""
    chance, H = sketched(session)
    step = projected_step(session, chance, H)
    goal = le(gap(t + 1), gap(t) - GAIN * grad_sq(t))
    mean: Fact = session.register(
        "in the mean", le(step.mean(gap(t + 1)), goal.right), frozenset()
    )  # fmt: skip
    with pytest.raises(Rejected, match="does not add up"):
        session.prove("pathwise", goal, terms=[(1, mean)])


def test_the_rules_for_radii_want_their_inequalities() -> None:
    """A bound on the quotients of one step is no bound at another, and none comes for free."""
    from proofs_check.families.best_rate import recursion

    session = Session(theorem("best-rate"))
    M = recursion(session)
    with pytest.raises(Rejected, match="does not add up"):
        M.contracts_at(1 / L, one / 2, lambda low, high: ([], []))
    with pytest.raises(Rejected, match="strict"):
        M.stable_below(10 / L, lambda low, high, below: ([], []))
    with pytest.raises(Rejected, match="does not add up"):
        M.unstable_beyond(1 / L, lambda diagonal, quotient: ([], []))
    with pytest.raises(Rejected, match="does not add up"):
        M.contracts_at_most(one / 1000, lambda below: ([], []))
