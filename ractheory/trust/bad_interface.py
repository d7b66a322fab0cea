"""Bad inputs of the Python interface: data of a user's own, files of it, oracles, inner solvers, and `check`."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan
from pathlib import Path
from typing import Any

import numpy as np

import ractheory
from ractheory import evidence, links, oracles
from ractheory.objectives import own
from ractheory.objectives.blocked import least_squares_files
from ractheory.trust.bad_inputs import Case, refused
from ractheory.trust.bad_values import (
    NOT_ARRAYS,
    NOT_BOOLEANS,
    NOT_INTEGERS,
    NOT_NUMBERS,
    Table,
)
from ractheory.trust.bad_words import bad_files, unless

PUBLIC: Any = ractheory
"""The names of the interface, which live above this layer, as a user asks for them."""

NOT_WORDS = ("", "nope", "Left", None, 1, b"left", ("left",), nan)
NOT_RATES = (*NOT_NUMBERS, 0.0, 1.0, -1.0)
NOT_SHARES = (*NOT_NUMBERS, -0.5, 1.5)


def interface_tables() -> Iterator[Table]:
    """Yield calls of the interface, each with bad values of its parameters."""
    yield from _data_tables()
    yield from _oracle_tables()
    yield from _solver_tables()
    yield from _evidence_tables()
    yield "check", PUBLIC.check, {
        "theorem": "descent", "objective": "isotropic", "method": "rac-lora", "steps": 1, "seeds": 2}, {
        "theorem": NOT_WORDS, "objective": NOT_WORDS, "method": NOT_WORDS, "steps": (*NOT_INTEGERS, 0),
        "seeds": (*NOT_INTEGERS, 0), "start": ("", "x", None, 1, np.ones(3), np.full((5, 4), nan), [[1.0]]),
        "statement": ("", "nope", 1), "declares": (1, {}, {"rank": 1}, "x"), "seed": ("", None, 1, "a\nb"),
        }  # fmt: skip


def _data_tables() -> Iterator[Table]:
    X, Y = [[1.0], [2.0], [4.0]], [[1.0], [0.0], [3.0]]
    ridge = (*NOT_NUMBERS, -1.0)
    yield "least_squares", own.least_squares, {"X": X, "Y": Y}, {
        "X": (*NOT_ARRAYS, [[0.0]] * 3), "Y": (*NOT_ARRAYS, [[1.0]], [1.0, 2.0]), "ridge": ridge}  # fmt: skip
    not_labels: tuple[Any, ...] = ((), "x", None, ["a"] * 3, ["a", "b"], [["a"], ["b"], ["c"]])
    yield "logistic", own.logistic, {"X": X, "y": ["a", "b", "a"]}, {
        "X": (*NOT_ARRAYS, [[1.0]]), "y": (*not_labels, ["a", "b", "c"]), "ridge": ridge}  # fmt: skip
    yield "softmax", own.softmax, {"X": X, "y": ["a", "b", "c"]}, {
        "X": (*NOT_ARRAYS, [[1.0]]), "y": not_labels, "ridge": ridge}  # fmt: skip
    yield "quadratic", own.quadratic, {"K": np.eye(2), "minimiser": np.ones((2, 3))}, {
        "K": (*NOT_ARRAYS, np.eye(3), [[0.0, 1.0], [0.0, 0.0]], -np.eye(2), np.zeros((2, 2))),
        "minimiser": (*NOT_ARRAYS, np.ones(2), np.ones((3, 2))), "side": NOT_WORDS}  # fmt: skip


def _oracle_tables() -> Iterator[Table]:
    counts = (*NOT_INTEGERS, 0)
    yield "AdditiveNoise", oracles.AdditiveNoise, {}, {"variance": (*NOT_NUMBERS, -1.0)}
    yield "MiniBatch", oracles.MiniBatch, {"batch": 1}, {
        "batch": counts, "replacement": NOT_BOOLEANS, "uniform": ("x", 2, 0.5)}  # fmt: skip
    yield "PAGE", oracles.PAGE, {"batch": 1, "probability": 0.5}, {
        "batch": counts, "probability": (*NOT_SHARES, 0.0)}  # fmt: skip
    yield "MVR", oracles.MVR, {"momentum": 0.5}, {"momentum": (*NOT_SHARES, 0.0), "batch": counts}
    yield "Reshuffle", oracles.Reshuffle, {}, {"mode": NOT_WORDS, "uniform": ("x", 2, 0.5)}
    yield "LocalEpochs", oracles.LocalEpochs, {"clients": 2}, {
        "clients": counts, "participating": [v for v in (*counts, 3) if v is not None], "mode": NOT_WORDS,
        "uniform": ("x", 2, 0.5)}  # fmt: skip
    yield "SeparateFactors", oracles.SeparateFactors, {"clients": 2}, {
        "clients": counts, "factors": (1, None, "x", (nan,), ("x",), ((),))}  # fmt: skip


def _solver_tables() -> Iterator[Table]:
    steps = (*NOT_INTEGERS, 0)
    for solver in (links.PseudoInverse, links.ExactLink, links.Plain, links.Sign, links.Accelerated,
                   links.Subgradient, links.Polyak):  # fmt: skip
        yield solver.__name__, solver, {}, {"steps": steps}
    yield "Momentum", links.Momentum, {}, {"steps": steps, "beta": (*NOT_SHARES, 1.0)}
    yield "AdamW", links.AdamW, {}, {
        "steps": steps, "beta1": (*NOT_SHARES, 1.0), "beta2": (*NOT_SHARES, 1.0),
        "epsilon": (*NOT_NUMBERS, -1.0), "weight_decay": (*NOT_NUMBERS, -1.0), "reset": NOT_BOOLEANS}  # fmt: skip
    yield "Safeguarded", links.Safeguarded, {"solver": links.Plain(), "eta": 0.1}, {
        "solver": (None, "plain", 1, links.Plain, links.ExactLink()), "eta": (*NOT_NUMBERS, 0.0, -1.0)}  # fmt: skip
    yield "Adaptive", links.Adaptive, {"L": 1.0}, {
        "L": (*NOT_NUMBERS, 0.0, -1.0), "rule": NOT_WORDS, "factors": (1, None, "x", (nan,), ((),)),
        "steps": steps}  # fmt: skip


def _evidence_tables() -> Iterator[Table]:
    for decide in (evidence.proportion_at_least, evidence.proportion_at_most):
        yield decide.__name__, decide, {
            "successes": 1, "trials": 2, "bound": 0.5, "error_rate": 0.1}, {
            "successes": (*NOT_INTEGERS, 3), "trials": NOT_INTEGERS, "bound": NOT_NUMBERS,
            "error_rate": NOT_RATES}  # fmt: skip
    for test in (evidence.mean_at_most, evidence.mean_at_least):
        yield test.__name__, test, {
            "samples": [1.0], "bound": 1.0, "ceiling": 2.0, "error_rate": 0.1}, {
            "samples": ("x", None, [[1.0]], [1j], ["a"], {}), "bound": ("x", None, nan, ()),
            "ceiling": ("x", nan, -1.0, ()), "error_rate": NOT_RATES,
            "resolution": (*NOT_NUMBERS, -1.0)}  # fmt: skip
    yield "catoni_interval", evidence.catoni_interval, {
        "samples": [1.0], "variance": 1.0, "error_rate": 0.1}, {
        "samples": ("x", None, [[1.0]], [nan], ["a"], [1j]), "variance": (*NOT_NUMBERS, 0.0, -1.0),
        "error_rate": NOT_RATES}  # fmt: skip
    yield "same_law", evidence.same_law, {
        "samples": [0.5], "cdf": lambda x: x, "error_rate": 0.1}, {
        "samples": ("x", None, [[1.0]], ["a"], [1j]), "error_rate": NOT_RATES,
        "tolerance": (*NOT_NUMBERS, -1.0)}  # fmt: skip
    yield "sequentially", evidence.sequentially, {
        "test": evidence.Sequential(1.0, None, 0.1), "draw": lambda first, count: np.ones(count),
        "block": 1, "cap": 1}, {"block": (*NOT_INTEGERS, 0), "cap": (*NOT_INTEGERS, 0)}  # fmt: skip


def file_cases(folder: Path) -> Iterator[Case]:
    """Yield the cases of what reads files; they are made in `folder`."""
    marker = folder / "a-reader-executed-a-pickle"
    files = bad_files(folder / "data", marker)
    sound = folder / "sound.npy"
    np.save(sound, np.arange(6.0).reshape(3, 2))
    table = folder / "sound.csv"
    table.write_text("dose,age,answer\n1,20,3\n2,35,4\n3,30,5\n")
    names: list[Any] = [*files, folder / "nowhere", folder, "", "a\0b", None, 1, b"x"]
    for name in names:
        shown = name.name if isinstance(name, Path) else repr(name)
        yield Case(f"least_squares_files: X = {shown}", refused(least_squares_files, name, sound))
        yield Case(f"least_squares_files: Y = {shown}", refused(least_squares_files, sound, name))
        yield Case(f"from_csv: path = {shown}", refused(own.from_csv, name))
    for key, values in {"rows": (*NOT_INTEGERS, 0), "ridge": (*NOT_NUMBERS, -1.0)}.items():
        for value in values:
            asked = refused(least_squares_files, sound, sound, **{key: value})
            yield Case(f"least_squares_files: {key} = {value!r}", asked)
    for key, values in {
        "loss": NOT_WORDS, "target": ("", "nope", 3, -4, nan, None, 1.5, ()), "ridge": (*NOT_NUMBERS, -1.0),
    }.items():  # fmt: skip
        for value in values:
            yield Case(f"from_csv: {key} = {value!r}", refused(own.from_csv, table, **{key: value}))
    for k, text in enumerate(TABLES):
        (folder / f"table{k}.csv").write_text(text)
        yield Case(f"from_csv: {text[:40]!r}", refused(own.from_csv, folder / f"table{k}.csv"))
    yield Case("no pickle was executed by a reader", lambda: unless(marker.exists()))


TABLES = (
    "", "\n", "a\n", "a,b\n", "a,b\n1,2\n", "1,2\n3\n", "1,2\n3,4,5\n", "a,b\n1,x\n2,3\n", "a,b\nnan,1\n2,3\n",
    "a,b\n1e999,1\n2,3\n", "a;b\n1;2\n3;4\n", '"a,b\n1,2\n3,4\n', "a,b\n1,\n,2\n", "\x00,1\n2,3\n",
)  # fmt: skip
"""Texts of CSV files that are no table of numbers."""
