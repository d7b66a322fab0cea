"""Methods as the numbers that the kernels need."""

from __future__ import annotations

from dataclasses import replace

from ractheory.engine import factored, projected
from ractheory.engine.draw import LawCode
from ractheory.engine.factored import FactorPlan
from ractheory.engine.projected import Plan
from ractheory.errors import UsageError
from ractheory.links import AdamW, ExactLink, Momentum, PseudoInverse, Sign
from ractheory.method import Method, Trains
from ractheory.sketches import CODES, inclusion_probabilities

_SIDES = {
    Trains.FULL: projected.LEFT,
    Trains.LEFT: projected.LEFT,
    Trains.RIGHT: projected.RIGHT,
    Trains.BERNOULLI: projected.BERNOULLI,
    Trains.BOTH: factored.BOTH,
}


def _redraws(method: Method) -> bool:
    return method.redraw and method.law.name != "frozen"


def projected_plan(method: Method) -> Plan:
    """Return the numbers of a method of pseudo-inverse or exact links."""
    link = projected.EXACT if isinstance(method.inner, ExactLink) else projected.PSEUDO_INVERSE
    return Plan(
        int(CODES[method.law.name]), max(method.rank, 1), _SIDES[method.trains],
        method.left_probability, _redraws(method), link, method.inner.steps, method.step,
        inclusion_probabilities(method.law),
    )  # fmt: skip


def sketch_plan(method: Method) -> Plan:
    """Return the sketch of a method and its gamma, whatever its inner solver."""
    return projected_plan(replace(method, inner=PseudoInverse()))


def factor_plan(method: Method) -> FactorPlan:
    """Return the numbers of a method that steps on the factors themselves."""
    if method.trains is Trains.FULL:
        raise UsageError.of(
            "link of full-parameter fine-tuning", method.inner, "a gradient step",
            "train a factor, or use the default link",
        )  # fmt: skip
    inner, solver = method.inner, factored.GRADIENT
    adam = inner if isinstance(inner, AdamW) else AdamW()
    beta1 = adam.beta1
    match inner:
        case AdamW():
            solver = factored.ADAMW
        case Sign():
            solver = factored.SIGN
        case Momentum():
            solver, beta1 = factored.MOMENTUM, inner.beta
    haar = method.law.name == "haar"  # the factor itself is trained on: its entries are N(0, 1)
    code = int(LawCode.GAUSSIAN) if haar else int(CODES[method.law.name])
    return FactorPlan(
        code, method.rank, _SIDES[method.trains], method.left_probability,
        _redraws(method), solver, inner.steps, method.step, method.scale, method.initial_std,
        method.gaussian_is_A, beta1, adam.beta2, adam.epsilon, adam.weight_decay, adam.reset,
        inclusion_probabilities(method.law),
    )  # fmt: skip


def plan_of(method: Method) -> Plan | FactorPlan:
    """Return the numbers that the kernel of a basic method needs."""
    return projected_plan(method) if method.projected else factor_plan(method)


def fresh_haar_step(method: Method) -> bool:
    """Return whether every link is one projected step with a fresh Haar range: what the fast kernels run."""
    return (
        method.basic
        and method.projected
        and isinstance(method.inner, PseudoInverse)
        and method.inner.steps == 1
        and method.trains in (Trains.LEFT, Trains.RIGHT)
        and method.redraw
        and method.law.name in ("haar", "gaussian")
    )
