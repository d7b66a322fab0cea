"""Verdicts with no seed on stochastic chains: all draws of a link counted (`ractheory.compare.worlds`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ractheory.claims.claim import Claim
from ractheory.compare.build import Experiment
from ractheory.compare.decide_link import everywhere_in_a_world
from ractheory.compare.decide_mean import LINEAR
from ractheory.compare.decision import Decision, exact_decision
from ractheory.compare.facts import at_steps
from ractheory.compare.worlds import World, world_of
from ractheory.errors import UsageError
from ractheory.evidence import Verdict, round_off
from ractheory.methods import Method, Trains
from ractheory.theorems import Facts, Form, Statement, evaluate, symbols
from ractheory.theorems.printing import SIGNS

Array = NDArray[np.float64]


def is_counted(method: Method) -> bool:
    """Whether an exact verdict on the method is one of counting: it draws more than one sketch a link."""
    return not method.full_gradient or method.trains is Trains.BERNOULLI


def counted_decision(
    claim: Claim, statement: Statement, ran: Experiment, facts: Facts
) -> tuple[Decision, dict[str, Array]]:
    """Decide `statement` for all W_t (one link), or at all T = 1, ..., claim.T (an expectation).

    Returns the decision and the curves of a record: t, mean (E f(W_t) - f*), grad_sq, bound.

    Raises
    ------
    UsageError : the draws of this run cannot be counted, or the statement is no such one
    """
    world = world_of(ran.objective, ran.method, ran.start)
    if world is None:
        raise UsageError.of(
            "method and objective of an exact verdict", f"{ran.method.name} on {ran.objective.name}",
            "least squares of few entries and components", "let runs decide it, or take a smaller one",
        )  # fmt: skip
    curves = _curves(world, claim.T)
    if statement.form is Form.CONDITIONAL:
        decision = everywhere_in_a_world(statement, world, facts, claim.bound_factor)
        if decision is not None:
            return decision, curves
    elif statement.form is Form.EXPECTATION:
        return _at_all_T(claim, statement, world, facts, ran), curves
    raise UsageError.of(
        "statement of an exact verdict", statement.name, "one on an expectation", "choose another"
    )


def _curves(world: World, steps: int) -> dict[str, Array]:
    t = np.arange(steps + 1, dtype=float)
    mean, _ = world.expected(1, steps)
    grad_sq, _ = world.expected(2, steps)
    return {"t": t, "mean": mean / 2, "grad_sq": grad_sq}


def _at_all_T(
    claim: Claim, statement: Statement, world: World, facts: Facts, ran: Experiment
) -> Decision:
    """Decide E[left] relation right at every T; report the one that fails most, else the closest."""
    sign, kind = SIGNS[type(statement.relation)][1], type(statement.left)
    if kind not in LINEAR or statement.left.args[0] != symbols.T:
        raise UsageError.of(
            "statement of an exact verdict", statement.name, "one that is linear in the second moments",
            "choose another",
        )  # fmt: skip
    rest = [float(evaluate(a, facts)) for a in statement.left.args[1:]]
    values, errors = world.expected(LINEAR[kind](1, rest)[0], claim.T)
    found: list[Decision] = []
    for T, bound in enumerate(_bounds(claim, statement, facts, ran), start=1):
        weights = LINEAR[kind](T, rest)[1]
        value, error = (float(weights @ a[: len(weights)]) for a in (values, errors))
        # As for the recursions: powers of a rate lose about one unit a step.
        noise = error + float(round_off(64 + 8 * T, abs(bound)))
        detail = f"second moments over all draws of a link; at T = {T} of {claim.T}"
        found.append(exact_decision(sign, value, float(bound), noise, detail))
    worst = [v for v in (Verdict.REFUTED, Verdict.UNDECIDED) if any(d.verdict is v for d in found)]
    left = [d for d in found if not worst or d.verdict is worst[0]]
    return max(left, key=lambda d: _closeness(d, sign))


def _bounds(claim: Claim, statement: Statement, facts: Facts, ran: Experiment) -> Array:
    """Return the right side at T = 1, ..., claim.T."""
    T = np.arange(1.0, claim.T + 1.0)
    start = ran.objective.flat_gap(ran.start)
    known = dict.fromkeys(statement.right.atoms(symbols.gap), start)
    bound = evaluate(statement.right, at_steps(facts, T), known)
    return claim.bound_factor * np.broadcast_to(bound, T.shape)


def _closeness(decision: Decision, sign: str) -> float:
    assert decision.observed is not None
    assert decision.bound is not None
    ratio = decision.observed / decision.bound if decision.bound else np.inf
    return -ratio if sign in (">=", ">") else ratio
