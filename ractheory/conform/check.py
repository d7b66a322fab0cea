"""A rule against theorems: what holds, what is refuted and by which instance, what stays open."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ractheory.claims.claim import Claim
from ractheory.compare.build import Experiment, build_method, build_objective, start_point
from ractheory.compare.comparison import Comparison, judge
from ractheory.compare.facts import facts_of
from ractheory.conform.instances import Instance, instances
from ractheory.conform.rule import Rule
from ractheory.conform.run import Trial
from ractheory.engine.run import Run
from ractheory.errors import UsageError
from ractheory.evidence import Verdict, claim_error_rate
from ractheory.theorems import THEOREMS, Form, Statement, Theorem, symbols, theorem
from ractheory.theorems.symbols import Observable

SEED = "ractheory"
SEEDS, STEPS = 400, 20

SEEN = (
    symbols.gap, symbols.grad_sq, symbols.projected_sq, symbols.mean_grad_sq,
    symbols.weighted_grad_sq, symbols.min_gap,
)  # fmt: skip
"""Observables that a rule shows from outside. |H G|^2 is read off a link: it moves W by -gamma H G."""


@dataclass(frozen=True)
class Outcome:
    """One theorem on one instance, with the instance that refutes it."""

    comparison: Comparison
    rule: Rule
    instance: Instance
    trial: Trial

    @property
    def verdict(self) -> Verdict:
        return self.comparison.verdict

    def to_json(self) -> dict[str, Any]:
        """Return the claim object, all but its seconds."""
        claim = self.comparison.to_json()
        claim["method"], claim["sketch"] = self.rule.name, "as the rule draws it"
        claim["instance"] = self.instance.name
        claim["evidence"]["detail"] = self._detail(claim["evidence"]["detail"])
        claim["counterexample"] = self.counterexample()
        return claim

    def _detail(self, detail: str) -> str:
        parts = [detail] if detail else []
        runs = self.comparison.seeds
        seen, others = sum(self.trial.seen[:runs]), sum(self.trial.others[:runs])
        if seen:
            parts.append(f"{seen - others} of {seen} links of the declared form")
        if (
            self.verdict is Verdict.CONFIRMED
            and self.comparison.decision.evidence.kind == "statistical"
        ):
            parts.append("confirmed provided that every link is, as all seen were")
        return "; ".join(parts)

    def counterexample(self) -> dict[str, Any] | None:
        """Return the instance, the runs and the command that refute the theorem again, or None."""
        if self.verdict is not Verdict.REFUTED:
            return None
        claim, evidence = self.comparison.claim, self.comparison.decision.evidence
        found: dict[str, Any] = {
            "rule": self.rule.name,
            "declares": vars(self.rule.declared),
            "theorem": claim.theorem,
            "statement": claim.statement,
            "objective": {"name": claim.objective.name, **claim.objective.parameters},
            "shape": list(self.trial.objective.shapes[0]),
            "start": self.trial.start.reshape(self.trial.objective.shapes[0]).tolist(),
            "seed": self.trial.stream,
            "runs": self.comparison.seeds,
            "steps": claim.steps,
        }
        if evidence.worst_at:
            found |= {"run": int(evidence.worst_at[0]), "step": int(evidence.worst_at[-1])}
        return found | {"command": self._command(claim)}

    def _command(self, claim: Claim) -> str:
        words = ["ractheory", "conform", self.rule.name, "--theorem", claim.theorem]
        words += ["--instance", self.instance.name, "--seeds", str(self.comparison.seeds)]
        words += ["--steps", str(claim.steps)]
        seed = self.trial.stream.partition("/")[0]
        return shlex.join(words + (["--seed", seed] if seed != SEED else []))


def conform(
    rule: Rule,
    theorems: Sequence[str],
    only: Sequence[str] = (),
    seeds: int = SEEDS,
    steps: int = STEPS,
    seed: str = SEED,
) -> Iterator[Outcome]:
    """Yield the outcome of each theorem on each instance of its class.

    The theorem is handed what the rule declares: the bounds come from there, and a rule that does
    something else may break them. An expectation is confirmed only where every link that was seen
    is of the declared form, since only then is f(W_t) <= f(W_0) sure; else it can be refuted, or
    stays open. `only` names instances, all of them unless given. Where a theorem applies to none,
    one outcome says which hypothesis fails.

    Raises UsageError for unknown names, and when the rule raises or returns something unfit.
    """
    chosen = [(theorem(name), visible_statement(name)) for name in theorems]
    trials = list(_trials(rule, only, steps, seed))
    for the_theorem, statement in chosen:
        fit = [(i, trial) for i, trial in trials if _applies(the_theorem, statement, trial)]
        for instance, trial in fit or trials[:1]:
            yield _outcome(rule, the_theorem, statement, instance, trial, seeds)


def visible_statement(name: str) -> Statement:
    """Return the first statement of the theorem `name` that a rule can be held against from outside."""
    found = _visible(theorem(name))
    if found is None:
        allowed = ", ".join(t.id for t in THEOREMS.values() if _visible(t) is not None)
        raise UsageError.of(
            "theorem", name, f"one that an update rule shows: {allowed}", "choose one"
        )
    return found


def _visible(the_theorem: Theorem) -> Statement | None:
    for statement in the_theorem.statements:
        observables = {type(e) for e in statement.relation.atoms(Observable)}
        if statement.form in (Form.PATHWISE, Form.EXPECTATION) and observables <= set(SEEN):
            return statement
    return None


def _trials(
    rule: Rule, only: Sequence[str], steps: int, seed: str
) -> Iterator[tuple[Instance, Trial]]:
    known = {instance.name: instance for instance in instances(rule.declared)}
    for name in only:
        if name not in known:
            raise UsageError.of("instance", name, ", ".join(known), "choose one of these")
    for name in only or known:
        instance = known[name]
        f = build_objective(instance.objective)
        start = start_point(
            instance.start, instance.objective, f"{seed}/start/{instance.objective}"
        )
        yield instance, Trial(rule, f, start, steps, f"{seed}/{name}")


def _experiment(trial: Trial) -> Experiment:
    """Return the experiment that the rule declares to be."""
    f = trial.objective
    return Experiment(f, build_method(trial.rule.declared.spec, f), trial.start)


def _facts(trial: Trial) -> Any:
    ran = _experiment(trial)
    return facts_of(ran.objective, ran.method, ran.start, trial.links)


def _applies(the_theorem: Theorem, statement: Statement, trial: Trial) -> bool:
    return all(h.holds for h in the_theorem.check(_facts(trial), statement))


def _outcome(
    rule: Rule,
    the_theorem: Theorem,
    statement: Statement,
    instance: Instance,
    trial: Trial,
    seeds: int,
) -> Outcome:
    spec = rule.declared.spec
    claim = Claim(
        f"{the_theorem.id}/{instance.name}/{rule.title}", the_theorem.id, instance.objective, spec,
        statement=statement.name, declared=spec, start=instance.start, steps=trial.links, seeds=seeds,
    )  # fmt: skip
    runs = 0

    def made(numbers: range) -> Run:
        nonlocal runs
        runs = numbers.stop
        return trial(numbers)

    def otherwise() -> bool:
        return any(trial.others[:runs])

    comparison = judge(
        claim, _experiment(trial), _facts(trial), made, trial.stream, claim_error_rate(), otherwise
    )
    return Outcome(comparison, rule, instance, trial)


def file_name(counterexample: Mapping[str, Any]) -> str:
    """Return the name of the file for a counterexample: rule, theorem, instance.

    >>> file_name({"rule": "a/my rule.py:step", "theorem": "gd-pl", "seed": "ractheory/left-10"})
    'my-rule-step+gd-pl+left-10.json'
    """
    rule = str(counterexample["rule"]).rpartition("/")[2].replace(".py:", "-")
    parts = (rule, counterexample["theorem"], str(counterexample["seed"]).rpartition("/")[2])
    return "+".join(re.sub(r"[^\w-]", "-", str(part)) for part in parts) + ".json"
