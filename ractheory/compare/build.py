"""From a claim to the objects it names: objective, method, starting point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.assumptions import MatrixSmooth
from ractheory.claims.claim import Claim, MethodSpec, ObjectiveSpec
from ractheory.compare.curvature import curvature_at
from ractheory.engine.random import Purpose, fill_normal, stream_key
from ractheory.errors import UsageError, integer, real
from ractheory.laws import Importance
from ractheory.methods import METHODS, Method, inner_solver, sketch_law
from ractheory.objectives import objective
from ractheory.objectives.base import Objective
from ractheory.theorems.effective import effective_L, plain_L

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Experiment:
    """What a claim runs: an objective, a method, and where it starts (flat)."""

    objective: Objective
    method: Method
    start: Vector


UNITS: dict[str, Callable[[Objective, MethodSpec], float]] = {
    "1/L": lambda f, _: 1.0 / _smoothness(f),
    "1/L_eff": lambda f, spec: 1.0 / effective_L(_curvature(f, spec), spec.rank, spec.law),
    "1/L_plain": lambda f, spec: 1.0 / plain_L(_curvature(f, spec), spec.rank),
    "1/(L N)": lambda f, _: 1.0 / ((f.component_L() or np.nan) * f.components),
    "absolute": lambda f, _: 1.0,
}
"""Units of a step. L is that of the whole objective; in 1/(L N) it is that of the worst component.
L_eff and L_plain are those of `effective-dimension` and of `plain-gradient`, for the sketch of the method."""


def _smoothness(f: Objective) -> float:
    if f.constants.L is None:
        raise UsageError.of(
            "unit of the step", "1/L", "'absolute' for a nonsmooth objective", f"{f.name} has no L"
        )
    return f.constants.L


def _curvature(f: Objective, spec: MethodSpec) -> MatrixSmooth:
    curvature = curvature_at(f, spec.side)
    if curvature is None:
        raise UsageError.of(
            "unit of the step", spec.unit, "1/L for this objective",
            f"{f.name} has no curvature matrix on one side",
        )  # fmt: skip
    return curvature


@lru_cache(maxsize=8)
def _cached_objective(name: str, parameters: tuple[tuple[str, Any], ...]) -> Objective:
    return objective(name, **dict(parameters))


def build_objective(spec: ObjectiveSpec) -> Objective:
    """Return the objective of `spec`; the last few are kept, since many claims share one."""
    frozen = tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in spec.parameters.items())
    return _cached_objective(spec.name, frozen)


def build_method(spec: MethodSpec, f: Objective) -> Method:
    """Return the method of `spec`, its step resolved against the constants of f."""
    if spec.name not in METHODS:
        raise UsageError.of("method", spec.name, ", ".join(METHODS), "see 'ractheory list methods'")
    if spec.unit not in UNITS:
        raise UsageError.of("unit of the step", spec.unit, ", ".join(UNITS), "choose one of these")
    step = spec.step * UNITS[spec.unit](f, spec)
    arguments: dict[str, Any] = dict(spec.options)
    if spec.name != "fpft":
        arguments["rank"] = spec.rank
    if spec.name in ONE_SIDED:
        arguments["side"] = spec.side
    if spec.name == "rac-lora":
        arguments["law"] = _law(spec, arguments)
    if spec.name != "cola" and ("inner" in arguments or "inner_steps" in arguments):
        inner = str(
            arguments.pop("inner", "pseudo-inverse" if spec.name == "rac-lora" else "plain")
        )
        arguments["inner"] = inner_solver(inner, arguments.pop("inner_steps", 1))
    try:
        method = METHODS[spec.name](step, **arguments)
    except TypeError as problem:
        raise UsageError.of(
            f"options of {spec.name}", sorted(arguments), "those of the method", str(problem)
        ) from None
    method.validate(f.shapes)
    return method


ONE_SIDED = ("rac-lora", "asymlora")


def _law(spec: MethodSpec, arguments: dict[str, Any]) -> Any:
    if spec.law == "importance":
        if "probabilities" not in arguments:
            raise UsageError.of(
                "sketch", "importance", "one with probabilities", "set probabilities"
            )
        return Importance(tuple(arguments.pop("probabilities")))
    return sketch_law(spec.law, spec.rank)


def start_point(kind: str, spec: ObjectiveSpec, stream: str) -> Vector:
    """Return the flat starting point: zero, normal:SCALE, far:SCALE, offset:SCALE or pretrained:SEED.

    "normal" has independent N(0, SCALE^2) entries; "far" adds such entries to the minimiser, "offset"
    adds SCALE to each of its entries; "pretrained" is the minimiser of the same objective on the data of another seed.
    """
    word, _, text = kind.partition(":")
    if word == "pretrained":
        seed = int(text) if text.isdecimal() else integer("seed of pretrained", text, 0)
        other = ObjectiveSpec(spec.name, {**spec.parameters, "seed": seed})
        return _minimiser(build_objective(other)).copy()
    return start_of(kind, build_objective(spec), stream)


def start_of(kind: str, f: Objective, stream: str) -> Vector:
    """Return the flat starting point "zero", "normal:SCALE" or "far:SCALE" on f."""
    word, _, text = kind.partition(":")
    scale = real("scale of the start", text or "1", 0.0)
    point = np.zeros(f.dim)
    if word == "zero":
        return point
    if word == "offset":
        return _minimiser(f) + scale
    if word not in ("normal", "far"):
        allowed = "zero, normal:SCALE, far:SCALE, offset:SCALE or pretrained:SEED"
        raise UsageError.of("start", kind, allowed, "choose one of these")
    fill_normal(stream_key(stream), 0, 0, int(Purpose.START), point)
    point *= scale
    return point + _minimiser(f) if word == "far" else point


def _minimiser(f: Objective) -> Vector:
    if f.constants.minimiser is None:
        raise UsageError.of(
            "start", f"a minimiser of {f.name}", "one that is known", "use zero or normal:SCALE"
        )
    return f.constants.minimiser


def experiment(claim: Claim, seed: str) -> Experiment:
    """Return what `claim` runs; claims on one objective with one kind of start share the start."""
    f = build_objective(claim.objective)
    start = start_point(claim.start, claim.objective, f"{seed}/start/{claim.objective}")
    return Experiment(f, build_method(claim.method, f), start)
