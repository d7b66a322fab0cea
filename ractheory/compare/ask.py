"""One comparison with the user's own parameters, without a claim of the catalogue."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from ractheory.claims.claim import Claim, MethodSpec, ObjectiveSpec
from ractheory.compare.comparison import Comparison, check_claim
from ractheory.errors import UsageError
from ractheory.methods import METHODS, parameters_of
from ractheory.objectives import OBJECTIVES
from ractheory.theorems import theorem as theorem_called

OF_THE_METHOD = ("step", "unit", "rank", "side", "law")
OF_THE_COMPARISON = ("start", "statement", "horizon", "bound_factor")
OF_ITS_LINK = ("inner", "inner_steps", "probabilities")


def check(
    theorem: str,
    objective: str,
    method: str,
    settings: Mapping[str, Any] | None = None,
    seeds: int = 400,
    steps: int = 20,
    seed: str = "ractheory",
) -> Comparison:
    """Run `method` on `objective` and compare with `theorem`.

    `settings` may set the sketch and step of the method (step as a multiple of `unit`, 1/L unless
    given; rank, side, law, inner, inner_steps, and its further options), the parameters of the
    objective, and start, statement, horizon or bound_factor of the comparison. A name that method
    and objective both have belongs to the objective; write "method.NAME" for the other.

    Raises UsageError for anything unknown or out of range.

    >>> check("descent", "counterexample", "rac-lora", {"step": 1.9}, seeds=5).verdict.value
    'confirmed'
    """
    theorem_called(theorem)
    known = _parameters(objective, OBJECTIVES, "objective")
    _parameters(method, METHODS, "method")
    options = [*parameters_of(method), *OF_ITS_LINK]
    sorted_out: dict[str, dict[str, Any]] = {
        "objective": {},
        "spec": {},
        "options": {},
        "claim": {},
    }
    for key, value in (settings or {}).items():
        sorted_out[_place(key, known, options)][key.removeprefix("method.")] = value
    spec = MethodSpec(method, **sorted_out["spec"], options=sorted_out["options"])
    claim = Claim(
        f"{theorem}/{objective}/asked", theorem, ObjectiveSpec(objective, sorted_out["objective"]),
        spec, seeds=seeds, steps=steps, **sorted_out["claim"],
    )  # fmt: skip
    return check_claim(claim, seed)


def _parameters(name: str, registry: Mapping[str, Any], kind: str) -> list[str]:
    if name not in registry:
        raise UsageError.of(kind, name, ", ".join(registry), f"see 'ractheory list {kind}s'")
    return list(inspect.signature(registry[name]).parameters)


def _place(key: str, objective: list[str], options: list[str]) -> str:
    """Return which of the parts of a comparison the setting `key` belongs to."""
    bare = key.removeprefix("method.")
    if key in OF_THE_COMPARISON:
        return "claim"
    if bare in OF_THE_METHOD:
        return "spec"
    if key in objective:
        return "objective"
    if bare in options:
        return "options"
    allowed = sorted({*OF_THE_COMPARISON, *OF_THE_METHOD, *objective, *options} - {"self"})
    raise UsageError.of("setting", key, ", ".join(allowed), "correct its name")
