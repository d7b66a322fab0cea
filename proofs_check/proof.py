"""A proof is a script over a session; a planted error is a wrong theorem that the same script must fail."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from inspect import cleandoc
from typing import Any

import sympy as sp

from proofs_check.discipline import all_breaches
from proofs_check.kernel import Rejected, Session, Step
from proofs_check.second_opinion import second_opinion
from ractheory.errors import UsageError
from ractheory.theorems import Theorem, theorem
from ractheory.theorems.hypotheses import Condition

PLANTED_MINIMUM = 2
"""Every proof carries at least so many planted errors."""


@dataclass(frozen=True)
class Planted:
    """A wrong version of a theorem, made from the true one."""

    name: str
    wrong: Callable[[Theorem], Theorem]


@dataclass(frozen=True)
class Proof:
    """The proof of one theorem: a script that calls the checker's rules, and its planted errors."""

    id: str
    script: Callable[[Session], None]
    planted: tuple[Planted, ...]


@dataclass(frozen=True)
class ProofReport:
    """What the checker found.

    Attributes
    ----------
    steps : every verified step; the last one is the failed step, if one failed
    assumed : hypotheses and definitions that the proof brought in
    cited : names of the classical facts used, of `proofs_check.cited.CITED`
    planted, rejected : planted errors, and how many of them the checker rejected
    survivors : names of the planted errors that were accepted
    reasons : for each planted error, why it was rejected; None where it was accepted
    account : what the files of the proof say of it, in words
    """

    id: str
    status: str
    steps: tuple[Step, ...]
    assumed: tuple[str, ...]
    cited: tuple[str, ...]
    planted: int
    rejected: int
    survivors: tuple[str, ...] = ()
    reasons: dict[str, str | None] = field(default_factory=dict)
    account: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the report in the shape that `ractheory proofs --json` prints."""
        steps = [
            {"name": x.name, "status": x.status, "seconds": x.seconds, "statement": x.statement,
             "text": x.text, "second_opinion": x.second}
            for x in self.steps
        ]  # fmt: skip
        return {
            "id": self.id, "status": self.status, "steps": steps, "assumed": list(self.assumed),
            "cited": list(self.cited), "planted": self.planted, "rejected": self.rejected,
            "survivors": list(self.survivors), "planted_errors": self.reasons,
        }  # fmt: skip


def run(proof: Proof) -> ProofReport:
    """Check a proof and its planted errors. It is proved if it concludes every statement."""
    session = Session(theorem(proof.id), second_opinion)
    failure = next(iter(all_breaches()), None) or attempt(proof, session)
    steps = list(session.steps)
    if failure is not None:
        steps.append(Step("failed", "failed", 0.0, failure))
    reasons = {p.name: why_rejected(proof, p) for p in proof.planted}
    survivors = tuple(name for name, why in reasons.items() if why is None)
    proved = failure is None and not survivors
    return ProofReport(
        proof.id, "proved" if proved else "failed", tuple(steps), brought_in(session),
        tuple(session.cited), len(proof.planted), len(proof.planted) - len(survivors), survivors,
        reasons, account_of(proof),
    )  # fmt: skip


def brought_in(session: Session) -> tuple[str, ...]:
    """Return every fact and definition that the proof did not derive, once each."""
    texts = (x if isinstance(x, str) else f"{x[0]}: {x[1].text()}" for x in session.assumed)
    return tuple(dict.fromkeys(texts))


def attempt(proof: Proof, session: Session) -> str | None:
    """Run the script; return why it failed, or None."""
    names = [s.name for s in session.theorem.statements]
    if not names or len(set(names)) < len(names):
        return "the statements of the theorem need names of their own"
    try:
        proof.script(session)
    except Rejected as reason:
        return str(reason)
    missing = [name for name in names if name not in session.concluded]
    if missing:
        return f"not concluded: {', '.join(missing)}"
    if any(step.second == "disagrees" for step in session.steps):
        return "the independent prover found a counterexample to a step"
    return None


def why_rejected(proof: Proof, planted: Planted) -> str | None:
    """Return why the checker rejects the wrong theorem under the same script, None if it does not."""
    return attempt(proof, Session(planted.wrong(theorem(proof.id))))


def account_of(proof: Proof) -> str:
    """Return the words of the file and of the script of a proof."""
    script: Any = proof.script
    while isinstance(script, partial):
        script = script.func
    texts = (sys.modules[script.__module__].__doc__, script.__doc__)
    return "\n\n".join(cleandoc(text) for text in texts if text)


# Planted errors ----------------------------------------------------------------------------------


def dropped(name: str) -> Planted:
    """Drop a hypothesis."""

    def wrong(th: Theorem) -> Theorem:
        kept = tuple(h for h in th.hypotheses if h.name != name)
        if len(kept) == len(th.hypotheses):
            raise UsageError.of("hypothesis to drop", name, f"one of {th.id}", "check its name")
        return replace(th, hypotheses=kept)

    return Planted(f"without {name}", wrong)


def weakened(name: str, relation: sp.Basic) -> Planted:
    """Replace a condition of the theorem, or of its statements, by a weaker one."""
    if relation in (sp.true, sp.false):
        raise UsageError.of(
            "weaker condition", relation, "a relation that says something", "give one"
        )

    def change(h: Any) -> Any:
        return Condition(name, relation) if h.name == name else h

    def wrong(th: Theorem) -> Theorem:
        statements = tuple(
            replace(s, needs=tuple(change(h) for h in s.needs)) for s in th.statements
        )
        changed = replace(
            th, hypotheses=tuple(change(h) for h in th.hypotheses), statements=statements
        )
        if changed == th:
            raise UsageError.of("condition to weaken", name, f"one of {th.id}", "check its name")
        return changed

    return Planted(f"{name} weakened to {relation}", wrong)


def claiming(statement: str, change: Callable[[sp.Expr], sp.Expr], name: str) -> Planted:
    """Claim another right side in one statement."""

    def wrong(th: Theorem) -> Theorem:
        def changed(s: Any) -> Any:
            if s.name != statement:
                return s
            relation = s.relation.func(s.left, change(s.right), evaluate=False)
            return replace(s, relation=relation)

        return replace(th, statements=tuple(changed(s) for s in th.statements))

    return Planted(f"{statement}: {name}", wrong)


def scaled(statement: str, factor: Any) -> Planted:
    """Claim `factor` times the right side of a statement."""
    return claiming(statement, lambda right: sp.sympify(factor) * right, f"bound times {factor}")


def substituted(statement: str, old: Any, new: Any) -> Planted:
    """Claim the right side with one expression put for another."""
    return claiming(statement, lambda right: right.subs(old, new), f"{new} for {old}")
