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
from ractheory.laws import Importance, Law
from ractheory.methods import (
    INNERS,
    Method,
    factory,
    inner_solver,
    parameters_of,
    sketch_law,
    standard,
)
from ractheory.objectives import objective
from ractheory.objectives.base import Objective
from ractheory.objectives.federated import FederatedModel
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
    "1/L_eff": lambda f, spec: 1.0 / effective_L(_curvature(f, spec), spec.rank, spec.law_name),
    "1/L_plain": lambda f, spec: 1.0 / plain_L(_curvature(f, spec), spec.rank),
    "1/(L N)": lambda f, spec: 1.0 / (_component_smoothness(f) * _epoch(f, spec)),
    "absolute": lambda f, _: 1.0,
}
"""Units of a step. L is that of the whole objective; in 1/(L N) it is that of the worst component, and N
the components of an epoch, for a federation those of one client.
L_eff and L_plain are those of `effective-dimension` and of `plain-gradient`, for the sketch of the method."""


def _smoothness(f: Objective) -> float:
    if f.constants.L is None:
        raise UsageError.of(
            "unit of the step", "1/L", "'absolute' for a nonsmooth objective", f"{f.name} has no L"
        )
    return f.constants.L


def _component_smoothness(f: Objective) -> float:
    L = f.component_L()
    if L is None:
        raise UsageError.of(
            "unit of the step",
            "1/(L N)",
            "'absolute' for nonsmooth components",
            f"{f.name} has no L",
        )
    return L


def _epoch(f: Objective, spec: MethodSpec) -> float:
    """Return N: how many components an epoch of the method visits."""
    clients = _clients(f, spec)
    return f.components if clients is None else f.components / clients


def _clients(f: Objective, spec: MethodSpec) -> int | None:
    """Return over how many clients the method runs, those of f unless the spec says so; None: no federation."""
    if "clients" not in parameters_of(spec.name):
        return None
    given = spec.options.get("clients")
    if given is not None:
        return integer("clients", given, 1)
    return f.clients if isinstance(f, FederatedModel) else 1


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
    factory(spec.name)
    if spec.unit not in UNITS:
        raise UsageError.of("unit of the step", spec.unit, ", ".join(UNITS), "choose one of these")
    step = spec.step * UNITS[spec.unit](f, spec)
    arguments = {**_of_the_objective(spec, f), **spec.options, **_sketch(spec)}
    arguments |= _link(spec, arguments)
    try:
        method = factory(spec.name)(step, **arguments)
    except TypeError as problem:
        raise UsageError.of(
            f"options of {spec.name}", sorted(arguments), "those of the method", str(problem)
        ) from None
    method.validate(f.shapes)
    return method


def _of_the_objective(spec: MethodSpec, f: Objective) -> dict[str, Any]:
    """Return what the method takes from the objective, unless the spec says otherwise: clients, and L."""
    found: dict[str, Any] = {"clients": _clients(f, spec), "L": f.constants.L}
    takes = parameters_of(spec.name)
    return {name: value for name, value in found.items() if name in takes and value is not None}


def _sketch(spec: MethodSpec) -> dict[str, Any]:
    """Return rank, side and law, as far as the method takes them; its own law unless the spec sets one."""
    found: dict[str, Any] = {"rank": spec.rank, "side": spec.side}
    takes = parameters_of(spec.name)
    if spec.law and "law" in takes:
        found["law"] = _law(spec)
    return {name: value for name, value in found.items() if name in takes}


def _law(spec: MethodSpec) -> Law:
    if spec.law != "importance":
        return sketch_law(spec.law, spec.rank)
    if "probabilities" not in spec.options:
        raise UsageError.of("sketch", "importance", "one with probabilities", "set probabilities")
    return Importance(tuple(spec.options["probabilities"]))


def _link(spec: MethodSpec, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the inner solver of a method that lets it be chosen; take its words out of `arguments`."""
    if spec.law == "importance":
        arguments.pop("probabilities", None)
    steps_its_own_way = "inner_steps" in parameters_of(spec.name)
    if "inner" not in arguments and ("inner_steps" not in arguments or steps_its_own_way):
        return {}
    own = type(standard(spec.name).inner)
    usual = next((name for name, kind in INNERS.items() if kind is own), "")
    name = str(arguments.pop("inner", usual))
    return {"inner": inner_solver(name, arguments.pop("inner_steps", 1))}


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
