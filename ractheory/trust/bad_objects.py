"""Bad inputs of the public constructors: each parameter with values of a wrong type, size or shape."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np

from ractheory.claims.claim import Claim, MethodSpec, ObjectiveSpec
from ractheory.engine.simulate import simulate
from ractheory.evidence import (
    Sequential,
    clopper_pearson,
    log_e_value,
    pathwise,
    round_off,
    same_law,
)
from ractheory.exact.quadratics import QuadraticSum, fractions
from ractheory.exact.report import exact_report
from ractheory.laws import LAWS
from ractheory.methods import METHODS, inner_solver, rac_lora, sketch_law
from ractheory.objectives import OBJECTIVES
from ractheory.objectives.linear_model import LinearModel
from ractheory.objectives.losses import GemanMcClure, Logistic, Softmax, Squared, Welsch
from ractheory.objectives.nonconvex import Sine
from ractheory.objectives.quadratic import EntryQuadratic, MatrixQuadratic
from ractheory.objectives.two_layer import TwoLayer
from ractheory.predict import predict_report
from ractheory.trust.bad_inputs import Case, refused
from ractheory.trust.bad_interface import file_cases, interface_tables
from ractheory.trust.bad_values import (
    HUGE,
    NOT_ARRAYS,
    NOT_BOOLEANS,
    NOT_INTEGERS,
    NOT_NUMBERS,
    NOT_SEQUENCES,
    NOT_SPECTRA,
    Table,
    case,
)


def constructor_cases(folder: Path) -> Iterator[Case]:
    """Yield the cases of every public constructor; files are made in `folder`."""
    for name, factory in OBJECTIVES.items():
        for key, parameter in inspect.signature(factory).parameters.items():
            for value in _bad_for(str(parameter.annotation)):
                yield case(f"objective {name}", factory, key, value)
    for title, call, sound, bad in _tables():
        for key, values in bad.items():
            for value in values:
                yield case(title, call, key, value, sound)
    yield from _whole_calls()
    yield from file_cases(folder)


def _bad_for(annotation: str) -> Sequence[Any]:
    if "None" in annotation:
        return [value for value in _bad_for(annotation.partition(" |")[0]) if value is not None]
    if annotation.startswith("int"):
        return (*NOT_INTEGERS, 10**40)
    if annotation.startswith("float"):
        return NOT_NUMBERS
    if annotation.startswith("bool"):
        return NOT_BOOLEANS
    return NOT_SPECTRA if "str" in annotation else NOT_SEQUENCES


def _tables() -> Iterator[Table]:
    yield from _method_tables()
    yield from _family_tables()
    yield from _claim_tables()
    yield from _question_tables()
    yield from interface_tables()


def _method_tables() -> Iterator[Table]:
    for name, method in METHODS.items():
        known = inspect.signature(method).parameters
        sound = {
            k: 0.1 for k, p in known.items() if p.default is p.empty and p.annotation == "float"
        }
        bad = {k: _bad_option(str(p.annotation), k) for k, p in known.items()}
        yield f"method {name}", method, sound, {k: values for k, values in bad.items() if values}
    bernoulli = {"step": 0.1, "side": "bernoulli"}
    yield "method rac-lora", rac_lora, bernoulli, {"left_probability": (*NOT_NUMBERS, -0.1, 1.1)}
    yield "inner solver", inner_solver, {"name": "plain"}, {
        "name": ("guess", "", None, 1), "steps": (*NOT_INTEGERS, 0),
    }  # fmt: skip
    yield "sketch", sketch_law, {"name": "haar", "rank": 1}, {
        "name": ("har", "", None, 1, "importance"), "rank": (*NOT_INTEGERS, 0),
    }  # fmt: skip
    for name, law in LAWS.items():
        if name == "importance":
            yield f"law {name}", law, {}, {"probabilities": (
                (), (0.5,), (2.0,), (-1.0, 2.0), (nan, 1.0), ("x",), (0.0, 1.0), (None,), 3, "x")}  # fmt: skip
        elif name != "identity":
            yield f"law {name}", law, {}, {"rank": (*NOT_INTEGERS, 0)}


def _bad_option(annotation: str, key: str) -> Sequence[Any]:
    """Return bad values of an option of a method, by its type; a step or scale of 0 is bad too."""
    if annotation == "float":
        return (*NOT_NUMBERS, 0.0, -1.0) if key in ("step", "scale", "initial_std") else NOT_NUMBERS
    if annotation == "int":
        return (*NOT_INTEGERS, 0)
    if annotation == "int | None":
        return [value for value in NOT_INTEGERS if value is not None]
    if annotation == "bool":
        return NOT_BOOLEANS
    return ("up", "", None, 1, b"left") if annotation == "str" else ()


def _family_tables() -> Iterator[Table]:
    shapes, two = ((2, 1),), np.array([1.0, 2.0])
    yield "EntryQuadratic", EntryQuadratic, {
        "name": "f", "shapes": shapes, "weights": two, "centre": two}, {
        "shapes": NOT_SEQUENCES, "weights": (*NOT_ARRAYS, [-1.0, 1.0], [0.0, 0.0], [1.0]),
        "centre": (*NOT_ARRAYS, [1.0]), "fstar": NOT_NUMBERS}  # fmt: skip
    yield "MatrixQuadratic", MatrixQuadratic, {
        "name": "f", "shapes": shapes, "spectra": (two,), "sides": ("left",), "centre": two}, {
        "shapes": NOT_SEQUENCES, "spectra": ((), (two, two), ([1.0],), ([nan, 1.0],), ([-1.0, 1.0],), ("x",)),
        "sides": ((), ("up",), ("left", "left"), (None,), ("",)), "centre": (*NOT_ARRAYS, [1.0]),
        "bases": ((np.ones((2, 2)),), (np.eye(3),), ("x",), (np.full((2, 2), nan),)),
        "fstar": NOT_NUMBERS}  # fmt: skip
    yield "Sine", Sine, {"name": "f", "shapes": shapes, "weights": two, "centre": two}, {
        "shapes": NOT_SEQUENCES, "weights": (*NOT_ARRAYS, [0.0, 1.0]), "centre": NOT_ARRAYS}  # fmt: skip
    X, Y = np.array([[1.0], [2.0]]), np.array([[1.0], [2.0]])
    yield "LinearModel", LinearModel, {"name": "f", "X": X, "Y": Y, "loss": Squared()}, {
        "X": NOT_ARRAYS, "Y": (*NOT_ARRAYS, [[1.0]]), "ridge": (*NOT_NUMBERS, -1.0),
        "ratio": (*NOT_NUMBERS, -1.0), "row_groups": ((2,), (0,), (1.5,), "x", (None,)),
        "planted": ([1.0, 2.0], [nan], "x")}  # fmt: skip
    for name, loss in (("Logistic", Logistic()), ("Softmax", Softmax())):
        yield f"LinearModel, {name}", LinearModel, {"name": "f", "X": X, "Y": Y, "loss": loss}, {
            "Y": ([[0.5], [1.0]], [[0.0], [0.0]], [[2.0], [2.0]])}  # fmt: skip
    for losses in (Welsch, GemanMcClure):
        yield losses.__name__, losses, {}, {"scale": (*NOT_NUMBERS, 0.0, -1.0)}
    yield "TwoLayer", TwoLayer, {"name": "f", "X": X, "Y": Y, "V": np.ones((1, 2))}, {
        "X": NOT_ARRAYS, "Y": NOT_ARRAYS, "V": (*NOT_ARRAYS, np.ones((2, 2)))}  # fmt: skip


def _claim_tables() -> Iterator[Table]:
    yield "MethodSpec", MethodSpec, {}, {
        "step": (*NOT_NUMBERS, 0.0, -1.0), "rank": (*NOT_INTEGERS, 0)}  # fmt: skip
    sound = {
        "id": "x",
        "theorem": "gd-pl",
        "objective": ObjectiveSpec("isotropic"),
        "method": MethodSpec(),
    }
    yield "Claim", Claim, sound, {
        "expected": ("maybe", "", None, 1), "start": (None, 1, ()), "steps": (*NOT_INTEGERS, 0),
        "seeds": (*NOT_INTEGERS, 0), "horizon": ("x", 0, 99, 1.5, nan, -1),
        "bound_factor": (*NOT_NUMBERS, 0.0, -1.0), "tiers": (("sometimes",), ("quick", "x"), (1,))}  # fmt: skip


def _question_tables() -> Iterator[Table]:
    yield "Sequential", Sequential, {"bound": 1.0, "ceiling": 2.0, "error_rate": 0.01}, {
        "bound": (nan,), "ceiling": (nan, -1.0), "error_rate": (*NOT_NUMBERS, 0.0, 1.0, -1.0),
        "resolution": (*NOT_NUMBERS, -1.0)}  # fmt: skip
    yield "clopper_pearson", clopper_pearson, {"successes": 1, "trials": 2, "error_rate": 0.1}, {
        "successes": (*NOT_INTEGERS, 3), "trials": NOT_INTEGERS, "error_rate": (*NOT_NUMBERS, 0.0, 1.0)}  # fmt: skip
    exact = {"spectrum": "1,2", "columns": 1, "rank": 1, "step": 0.1, "steps": 2}
    yield "exact_report", exact_report, exact, {
        "spectrum": ("", (), "x", [nan], [-1.0], [0.0], ["1", None], [True], "1/0"),
        "columns": (*NOT_INTEGERS, 0, HUGE), "rank": (*NOT_INTEGERS, 0, 3), "steps": (*NOT_INTEGERS, HUGE),
        "step": ("x", "", nan, inf, None, True, (), -1, 0, "1/0"), "side": ("up", "", None, 1),
        "sketch": ("har", "", None), "arithmetic": ("x", "", None),
        "start_energy": ("x", [1.0], [nan, 1.0])}  # fmt: skip
    layer = {"rows": 8, "columns": 4, "rank": 2, "decay": 2}
    yield "predict_report", predict_report, layer, {
        "rows": (*NOT_INTEGERS, 0, HUGE), "columns": (*NOT_INTEGERS, 0), "rank": (*NOT_INTEGERS, 0, 9),
        "decay": ("x", nan, inf, -1, True, ()), "side": ("up", None, 1),
        "accuracy": ("x", nan, 0.0, 1.0, -1.0, None, True), "shift": ([-1.0], [nan], [])}  # fmt: skip


def _whole_calls() -> Iterator[Case]:
    f = OBJECTIVES["isotropic"](m=3, n=2)
    method, start = rac_lora(0.1), np.zeros(6)
    for key, values in {
        "start": (np.zeros(5), np.zeros((2, 3)), np.zeros((9, 6))), "links": (*NOT_INTEGERS, 0),
        "seeds": (0, -1, 1.5, nan, None, "x", range(0)),
    }.items():  # fmt: skip
        for value in values:
            sound = {"objective": f, "method": method, "start": start, "links": 2, "seeds": 2}
            yield case("simulate", simulate, key, value, sound)
    for shape in ((2, 2), (3,), (0, 2), (3, 2, 1)):
        yield Case(f"gradient at shape {shape}", refused(f.gradient, np.zeros(shape)))
    yield Case("gradient at two matrices", refused(f.gradient, np.zeros((3, 2)), np.zeros((3, 2))))
    yield Case("pathwise, negative allowance", refused(pathwise, [1.0], -1.0))
    yield Case("round_off, negative", refused(round_off, -1, 1.0))
    for bound in (0.0, -1.0, nan, inf):
        yield Case(f"log_e_value, bound {bound}", refused(log_e_value, [1.0], bound))
    yield Case("same_law, two axes", refused(same_law, [[1.0]], lambda x: x, 0.1))
    one = fractions([[1]])
    for K, C in (((), ()), ((one,), ()), ((one,), (fractions([[1], [2]]),)),
                 ((fractions([[1, 2], [0, 1]]),), (fractions([[1], [2]]),))):  # fmt: skip
        yield Case(f"QuadraticSum of {len(K)} and {len(C)}", refused(QuadraticSum, K, C))
