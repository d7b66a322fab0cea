"""The checker rejects what is not proved: malformed certificates of every kind."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import sympy as sp

import proofs_check
from proofs_check.algebra import Inverse, Operator, Projection, dot, norm_sq, vector
from proofs_check.chance import Chance
from proofs_check.kernel import Fact, Goal, Gram, Rejected, Session, eq, le, lt
from proofs_check.proof import PLANTED_MINIMUM
from proofs_check.recursion import induction, instance
from proofs_check.signs import is_zero, sign_of
from ractheory.theorems import theorem
from ractheory.theorems.symbols import L, T, gamma, gap, lam_min, mu, t

PACKAGE = Path(proofs_check.__file__).parent


@pytest.fixture
def session() -> Session:
    return Session(theorem("gd-pl"))


u, v = vector("u"), vector("v")


def test_accepts_a_true_certificate(session: Session) -> None:
    young = session.prove("young", le(2 * dot(u, v), norm_sq(u) + norm_sq(v)), squares=[(1, u - v)])
    assert is_zero(young.expr - norm_sq(u - v))


def test_rejects_a_wrong_square(session: Session) -> None:
    with pytest.raises(Rejected, match="does not add up"):
        session.prove("young", le(2 * dot(u, v), norm_sq(u) + norm_sq(v)), squares=[(1, u + v)])


def test_rejects_a_negative_multiplier(session: Session) -> None:
    stable = session.condition("step below 2/L")
    with pytest.raises(Rejected, match="not proved nonnegative"):
        session.prove("reversed", le(2, gamma * L), terms=[(-1, stable)])


def test_rejects_a_multiplier_of_unknown_sign(session: Session) -> None:
    stable = session.condition("step below 2/L")
    c = 1 - gamma
    with pytest.raises(Rejected, match="not proved nonnegative"):
        session.prove("scaled", le(c * gamma * L, 2 * c), terms=[(c, stable)])


def test_rejects_a_negative_coefficient_of_a_square(session: Session) -> None:
    with pytest.raises(Rejected, match="not proved nonnegative"):
        session.prove("negative", le(norm_sq(u), 0), squares=[(-1, u)])


def test_rejects_a_fact_that_was_never_proved(session: Session) -> None:
    forged = Fact("forged", le(1, 0), frozenset())
    with pytest.raises(Rejected, match="neither proved nor assumed"):
        session.prove("absurd", le(1, 0), terms=[(1, forged)])


def test_rejects_a_fact_of_another_theorem(session: Session) -> None:
    other = Session(theorem("gd-convex")).condition("step at most 1/L")
    with pytest.raises(Rejected, match="neither proved nor assumed"):
        session.prove("borrowed", le(gamma * L, 1), terms=[(1, other)])


def test_rejects_a_hypothesis_that_is_not_listed() -> None:
    with pytest.raises(Rejected, match="does not assume"):
        Session(theorem("descent")).condition("positive lam_min")


def test_rejects_a_conclusion_under_another_statements_hypothesis(session: Session) -> None:
    short = session.condition("step at most 1/L")
    fact = session.prove("uses it", le(gamma * L, 1), terms=[(1, short)])
    with pytest.raises(Rejected, match="does not assume step at most 1/L"):
        session.conclude(session.theorem.statement("sharp"), fact, fact.goal)


def test_rejects_a_conclusion_that_is_another_relation(session: Session) -> None:
    fact = session.prove("square", le(0, norm_sq(u)), squares=[(1, u)])
    with pytest.raises(Rejected, match="not the statement"):
        session.conclude(session.theorem.statement("sharp"), fact, le(0, gap(0)))


@pytest.mark.parametrize("matrix", [[[1, 2], [2, 1]], [[0, 1], [1, 0]], [[-1, 0], [0, 1]]])
def test_rejects_a_gram_matrix_that_is_not_psd(session: Session, matrix: list[list[int]]) -> None:
    form = Gram((u, v), sp.Matrix(matrix))
    value = sum(matrix[i][j] * dot((u, v)[i], (u, v)[j]) for i in range(2) for j in range(2))
    with pytest.raises(Rejected, match="principal minor"):
        session.prove("form", le(0, value), gram=[form])


def test_accepts_a_psd_gram_matrix(session: Session) -> None:
    form = Gram((u, v), sp.Matrix([[1, 1], [1, 1]]))
    session.prove("form", le(0, norm_sq(u + v)), gram=[form])


def test_rejects_an_asymmetric_gram_matrix(session: Session) -> None:
    with pytest.raises(Rejected, match="symmetric"):
        session.prove("form", le(0, norm_sq(u)), gram=[Gram((u, v), sp.Matrix([[1, 1], [0, 1]]))])


def test_an_equation_needs_equations(session: Session) -> None:
    stable = session.condition("step below 2/L")
    with pytest.raises(Rejected, match="equations only"):
        session.prove("equal", eq(gamma * L, 2), terms=[(1, stable)])
    with pytest.raises(Rejected, match="no slack"):
        session.prove("equal", eq(0, norm_sq(u)), squares=[(1, u)])


def test_a_strict_goal_needs_a_strict_fact(session: Session) -> None:
    with pytest.raises(Rejected, match="strict"):
        session.prove("strict", lt(0, norm_sq(u)), squares=[(1, u)])
    session.prove("strict", lt(0, 2 - gamma * L), terms=[(1, session.condition("step below 2/L"))])


def test_an_induction_must_hold_at_its_base(session: Session) -> None:
    with pytest.raises(Rejected, match="base"):
        induction(session, "wrong base", le(1, t), t, ([], []), lambda p: ([(1, p())], []))


def test_an_induction_must_take_its_step(session: Session) -> None:
    with pytest.raises(Rejected, match="step"):
        induction(session, "wrong step", le(t, 0), t, ([], []), lambda p: ([(1, p())], []))


def test_an_induction_hypothesis_does_not_survive(session: Session) -> None:
    kept: list[Fact] = []

    def step(previous: object) -> tuple[list[tuple[int, Fact]], list[tuple[int, sp.Expr]]]:
        kept.append(previous())  # type: ignore[operator]
        return [(1, kept[0])], [(1, sp.Integer(1))]

    induction(session, "counting", le(0, t), t, ([], []), step)
    with pytest.raises(Rejected, match="neither proved nor assumed"):
        session.prove("leak", le(0, t), terms=[(1, kept[0])])


def test_a_fact_about_vectors_stays_at_its_link(session: Session) -> None:
    fact = session.prove("square", le(0, norm_sq(u)), squares=[(1, u)])
    with pytest.raises(Rejected, match="another link"):
        instance(session, fact, {t: t + 1})


@pytest.mark.parametrize("change", [{t: t - 1}, {T: t}, {gamma: 2 * gamma}, {t: sp.Rational(1, 2)}])
def test_an_index_stays_in_its_range(session: Session, change: dict[sp.Symbol, sp.Expr]) -> None:
    stable = session.condition("step below 2/L")
    with pytest.raises(Rejected, match="not a change of link"):
        instance(session, stable, change)


def test_powers_are_monotone_only_where_they_are(session: Session) -> None:
    with pytest.raises(Rejected):
        session.power_monotone(1 - gamma * mu * 2, 1 - gamma * mu, T)
    with pytest.raises(Rejected):
        session.power_below_one(1 + gamma, T)


def test_a_sketch_that_depends_on_the_past_is_not_averaged() -> None:
    with pytest.raises(Rejected, match="FreshSketch"):
        Chance(Session(theorem("descent"))).sketch("H")


def test_averaging_pulls_out_only_what_does_not_depend(session: Session) -> None:
    chance = Chance(session)
    H = chance.sketch("H")
    chance.depends([gap(t + 1)], frozenset([H]))
    fact = session.prove("square", le(0, norm_sq(H(u))), squares=[(1, H(u))])
    mean = chance.average("mean", fact, H)
    assert not mean.expr.has(H)
    random_vector = vector("w")
    chance.depends([next(iter(random_vector.terms))[0]], frozenset([H]))
    fact = session.prove(
        "square", le(0, norm_sq(H(random_vector))), squares=[(1, H(random_vector))]
    )
    assert chance.average("mean", fact, H).expr.has(H)


def test_words_reduce_to_one_normal_form() -> None:
    H, S = Projection("H"), Operator("S")
    assert H(H(u)) == H(u)
    assert Inverse(S)(S(u)) == u
    assert S(Inverse(S)(H(S(u)))) == H(S(u))
    assert dot(S(u), H(v)) == dot(H(S(u)), v)
    assert not is_zero(dot(S(u), H(v)) - dot(H(u), S(v)))


def test_sign_rules_do_not_guess() -> None:
    x = sp.Symbol("x", real=True)
    assert sign_of(x) is None
    assert sign_of(x**2).direction == 1  # type: ignore[union-attr]
    assert sign_of(gamma - gamma**2) is None
    assert sign_of(gap(t)) is None
    assert sign_of((1 - gamma) ** T) is None
    assert sign_of(lam_min).strict is False  # type: ignore[union-attr]
    assert sign_of(1 / lam_min) is None


def test_certificates_are_exact() -> None:
    assert not is_zero(sp.Rational(1, 10**30) * gamma)
    assert not is_zero((1 - gamma) ** (T + 1) - (1 - gamma) ** T)


def test_proofs_use_the_rules_only() -> None:
    """No proof registers a fact by itself or reaches into the checker."""
    forbidden = {
        "admit", "derive", "forget", "define", "conclude", "conclude_limit", "depends", "source",
        "operator_source", "Fact", "Goal", "Point", "Link", "Operator", "vector", "exec", "eval",
    }  # fmt: skip
    for path in (PACKAGE / "families").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = getattr(called, "attr", getattr(called, "id", ""))
            assert name not in forbidden, f"{path.name} calls {name}"
            if isinstance(node, ast.Attribute):
                assert not node.attr.startswith("_"), f"{path.name} reaches {node.attr}"


def test_importing_the_package_is_light() -> None:
    code = "import sys, proofs_check; print('sympy' in sys.modules, 'numpy' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "False"]


def test_goal_reads_as_mathematics() -> None:
    assert Goal(gamma, L).latex() == r"\gamma \le L"


def test_the_registry_names_its_families() -> None:
    for family, names in proofs_check.FAMILIES.items():
        assert (PACKAGE / "families" / f"{family}.py").exists()
        for name in names:
            proof = proofs_check.PROOFS[name]
            assert proof.id == name
            assert len(proof.planted) >= PLANTED_MINIMUM
