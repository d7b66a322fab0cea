"""One contract suite over all theorems: names, printing, hypotheses that can reject, obligations."""

from __future__ import annotations

import json

import pytest
import sympy as sp

from ractheory.errors import UsageError
from ractheory.theorems import THEOREMS, Assumes, Condition, Facts, Form, Theorem, symbols, theorem
from ractheory.theorems.evaluation import constants_of
from tests.theorems.helpers import hypotheses_of

STATEMENTS = [
    pytest.param(th, s, id=f"{th.id}-{s.name}") for th in THEOREMS.values() for s in th.statements
]
KNOWN = {str(v) for v in vars(symbols).values() if isinstance(v, (sp.Symbol, sp.IndexedBase))}


@pytest.mark.parametrize(("th", "statement"), STATEMENTS)
def test_constants_are_known_symbols(th: Theorem, statement) -> None:
    expressions = [
        statement.relation,
        *([statement.ceiling] if statement.ceiling is not None else []),
    ]
    for h in hypotheses_of(th, statement):
        if isinstance(h, Condition):
            expressions.append(h.relation)
    for expression in expressions:
        assert constants_of(expression) <= KNOWN


@pytest.mark.parametrize(("th", "statement"), STATEMENTS)
def test_statements_print(th: Theorem, statement) -> None:
    for text in (statement.text(), th.describe()):
        for leftover in ("**", "{1}", "{2}", "{3}", "<l>", "<r>", "<s>", "\u22c6"):
            assert leftover not in text
    latex = statement.latex()
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")
    assert "_" + "min" not in latex.replace(r"_{\min}", "")


@pytest.mark.parametrize("th", THEOREMS.values(), ids=THEOREMS.keys())
def test_shape_of_a_theorem(th: Theorem) -> None:
    names = [s.name for s in th.statements]
    assert len(names) == len(set(names)) > 0
    assert th.source
    for s in th.statements:
        assert th.statement(s.name) is s
        if s.form is Form.EXACT:
            assert s.obligations
    entry = json.loads(json.dumps(th.to_json()))
    assert {"id", "source", "statement", "hypotheses", "tight"} <= set(entry)
    assert all(said["form"].islower() for said in entry["statements"].values())
    assert th.check(Facts()) == th.check(Facts(), th.statements[0])
    with pytest.raises(UsageError, match="choose one of"):
        th.statement("no such statement")


QUADRATICS = {
    "MatrixQuadratic",
    "ProjectedQuadratic",
    "IsotropicQuadratic",
    "EntryQuadratic",
    "Quadratic",
}
MEANT_BY = {
    "D0_sq": {"Attained"}, "D0_sq_weighted": {"Attained"}, "mu": {"PL", "StronglyConvex"},
    "lam_min": {"PositiveExpectedProjection"}, "zeta": {"Heterogeneity"}, "G0": {"Lipschitz"},
    "C": {"ExpectedSmoothness", "BoundedDissimilarity"}, "A": {"ExpectedSmoothness", "BoundedDissimilarity"},
    "trace_K": {"MatrixSmooth", *QUADRATICS}, "max_diag_K": {"MatrixSmooth", *QUADRATICS},
}  # fmt: skip
"""Constants, and the assumptions one of which says what they are constants of."""


@pytest.mark.parametrize(("th", "statement"), STATEMENTS)
def test_a_constant_comes_with_the_assumption_that_gives_it_a_meaning(
    th: Theorem, statement
) -> None:
    assumed = {h.name for h in (*th.hypotheses, *statement.needs)}
    named = constants_of(statement.relation) if statement.form is not Form.EXACT else set()
    for constant in named & MEANT_BY.keys():
        assert assumed & MEANT_BY[constant], constant
    if named & {"D0_sq", "D0_sq_weighted"}:  # the distance to a minimiser bounds a gap by convexity
        assert "Convex" in assumed


@pytest.mark.parametrize("th", THEOREMS.values(), ids=THEOREMS.keys())
def test_a_description_says_all(th: Theorem) -> None:
    text = th.describe()
    assert text.startswith(f"{th.id}: {th.title}\n")
    for words in (
        *(s.text() for s in th.statements), *(f"needs {h.name}: " for s in th.statements for h in s.needs),
        *(f"  {h.name}: {h.statement}" for h in th.hypotheses), f"Source: {th.source}", th.tight, th.note,
    ):  # fmt: skip
        assert words in text


@pytest.mark.parametrize("th", THEOREMS.values(), ids=THEOREMS.keys())
def test_what_is_checked_bears_the_name_of_its_hypothesis(th: Theorem) -> None:
    values = dict.fromkeys(KNOWN, 1.0)
    for h in th.hypotheses:
        for facts in (Facts(), Facts(values)):
            assert h.check(facts).name == h.name


@pytest.mark.parametrize("th", THEOREMS.values(), ids=THEOREMS.keys())
def test_no_hypothesis_holds_of_unknown_facts(th: Theorem) -> None:
    for statement in th.statements:
        for h in hypotheses_of(th, statement):
            if isinstance(h, Assumes):
                assert isinstance(h.kind, type)
            outcome = h.check(Facts())
            assert not outcome.holds, h
            assert outcome.reason


@pytest.mark.parametrize(
    ("th", "obligation"),
    [
        pytest.param(th, o, id=f"{th.id}-{o.name}")
        for th in THEOREMS.values() for s in th.statements for o in s.obligations
    ],
)  # fmt: skip
def test_obligations_hold_exactly(th: Theorem, obligation) -> None:
    outcome = obligation.check()
    assert outcome.holds, outcome.reason
    for sample in obligation.samples:
        assert sample.keys() >= obligation.relation.free_symbols
    if isinstance(obligation.relation, sp.Equality):
        assert obligation.is_identity


def test_unknown_theorem_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="gd-pl"):
        theorem("no-such-theorem")
