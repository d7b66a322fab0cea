"""A sweep as a file: grids of objectives, methods and comparisons, expanded into cells.

In every table a list is an axis of the grid, and a value that is itself a list stands in a list of its own
(`spectrum = [[4, 2, 1]]`). `[objective]` and `[method]` may be repeated as `[[objective]]` and
`[[method]]`: their grids are put side by side. See docs/sweeps.md.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from ractheory.claims.claim import Claim, MethodSpec, ObjectiveSpec
from ractheory.errors import UsageError, integer, readable, stream_name
from ractheory.suggest import unknown

MAX_CELLS = 10_000
"""Cells of one sweep; the error rate is shared out among so many, whatever their number."""

MAX_SEEDS = 10**9
MAX_STEPS = 10**6
MAX_POINTS = 1000

SETTINGS = ("seed", "points", "block")
COMPARISON = ("theorem", "statement", "start", "steps", "seeds")
SPEC = ("step", "unit", "rank", "side", "law")
LINK = ("inner", "inner_steps", "probabilities")

Table = Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """One point of the grid: the claim that is checked there, and the values that led to it.

    Attributes
    ----------
    claim : its `seeds` are all of the cell; its id names the runs, so that cells that differ in the
        theorem, the number of steps or of seeds alone share their runs
    axes : the values of the axes, by their names ("rank", "objective.condition")
    """

    claim: Claim
    axes: Mapping[str, Any]

    @cached_property
    def key(self) -> str:
        """Names everything but the number of seeds, for the records."""
        parts = {**asdict(self.claim), "seeds": 0}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Sweep:
    """A grid of checks.

    Attributes
    ----------
    name : of the file
    cells : in the order of the file, the last axis the fastest
    seed : name of the random numbers
    points : steps whose f(W_t) - f* the store keeps of every run, at most, the last always among them
    block : seeds of a task, or None for tasks of a few seconds; results do not depend on it
    """

    name: str
    cells: tuple[Cell, ...]
    seed: str = "ractheory"
    points: int = 50
    block: int | None = None

    def __post_init__(self) -> None:
        integer("points of [sweep]", self.points, 1, MAX_POINTS)
        if self.block is not None:
            integer("block of [sweep]", self.block, 1)
        stream_name("seed of [sweep]", self.seed)

    @property
    def axes(self) -> list[str]:
        """The names of the axes along which there is more than one value."""
        names = dict.fromkeys(name for cell in self.cells for name in cell.axes)
        return [n for n in names if len({repr(c.axes.get(n)) for c in self.cells}) > 1]


def read_sweep(path: Path) -> Sweep:
    """Read the sweep of a TOML file; raises UsageError for whatever is wrong with it."""
    readable("sweep", path, "a TOML file")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError.of(
            "sweep", str(path), f"a TOML file ({reason})", "see docs/sweeps.md"
        ) from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError.of("sweep", str(path), f"TOML ({error})", "mend that line") from error
    return sweep_of(document, path.stem)


def sweep_of(document: Table, name: str = "sweep") -> Sweep:
    """Return the sweep that `document` describes.

    >>> document = {"sweep": {"theorem": "gd-pl", "steps": [5, 10]}, "objective": {"name": "isotropic"},
    ...             "method": {"name": "rac-lora", "rank": [1, 2]}}
    >>> [cell.axes["rank"] for cell in sweep_of(document).cells]
    [1, 1, 2, 2]
    """
    for table in document:
        if table not in ("sweep", "objective", "method"):
            raise unknown("table", table, ("sweep", "objective", "method"), "see docs/sweeps.md")
    (head,) = _tables(document, "sweep", several=False)
    _known("[sweep]", head, (*SETTINGS, *COMPARISON))
    if "theorem" not in head:
        raise UsageError.of("[sweep]", "no theorem", "theorem = ID", "name the theorem to compare")
    grids = [
        (f, method, _axes("[sweep]", {k: v for k, v in head.items() if k in COMPARISON}))
        for f in _objectives(document)
        for method in _methods(document)
    ]
    count = sum(prod(len(v) for axes in grid for v in axes.values()) for grid in grids)
    if count > MAX_CELLS:
        raise UsageError.of(
            "cells of the sweep", count, f"at most {MAX_CELLS}", "shorten an axis or split the file"
        )
    cells = tuple(cell for grid in grids for cell in _cells(*grid))
    return Sweep(name, cells, **{k: v for k, v in head.items() if k in SETTINGS})


def _tables(document: Table, name: str, several: bool = True) -> list[dict[str, Any]]:
    found = document.get(name)
    tables: list[Any] = found if several and isinstance(found, list) else [found]
    if not tables or not all(isinstance(t, dict) and t for t in tables):
        raise UsageError.of(
            "sweep", f"no table [{name}]", "tables [sweep], [objective] and [method]",
            f"add [{name}], see docs/sweeps.md",
        )  # fmt: skip
    return tables


def _known(where: str, table: Table, names: Sequence[str]) -> None:
    for key in table:
        if key not in names:
            raise unknown(f"key of {where}", key, names)


def _axes(where: str, table: Table) -> dict[str, list[Any]]:
    """Return the values of every key: those of a list, or the only one."""
    axes = {}
    for key, value in table.items():
        values = value if isinstance(value, list) else [value]
        values = [_plain_value(f"{key} of {where}", v) for v in values]
        if not values:
            raise UsageError.of(
                f"{key} of {where}", "[]", "at least one value", "name one, or remove the key"
            )
        if len(set(map(repr, values))) < len(values):
            raise UsageError.of(f"{key} of {where}", value, "distinct values", "name each once")
        axes[key] = values
    return axes


def _plain_value(name: str, value: Any) -> Any:
    """Return a number, a word or a truth as it is, and a list of them as a tuple."""
    if isinstance(value, list):
        return tuple(_plain_value(name, part) for part in value)
    if not isinstance(value, (str, int, float)):
        raise UsageError.of(name, value, "numbers, words, true or false", "see docs/sweeps.md")
    return value


def _names(where: str, axes: dict[str, list[Any]], registry: Mapping[str, Any]) -> list[str]:
    if "name" not in axes:
        raise UsageError.of(where, "no name", "name = NAME", f"choose one of {len(registry)} names")
    for name in axes["name"]:
        if name not in registry:
            raise unknown(f"name of {where}", str(name), registry)
    return axes["name"]


def _objectives(document: Table) -> Iterator[dict[str, list[Any]]]:
    from ractheory.objectives import OBJECTIVES

    for table in _tables(document, "objective"):
        axes = _axes("[objective]", table)
        for name in _names("[objective]", axes, OBJECTIVES):
            _known(f"[objective] {name}", table, ["name", *_parameters(OBJECTIVES[name])])
        yield axes


def _methods(document: Table) -> Iterator[dict[str, list[Any]]]:
    from ractheory.methods import METHODS

    for table in _tables(document, "method"):
        axes = _axes("[method]", table)
        for name in _names("[method]", axes, METHODS):
            taken = _parameters(METHODS[name])
            if (
                taken[-1] != "options"
            ):  # One with further options says itself what it does not know.
                link = LINK if "inner" in taken or "inner_steps" in taken else ()
                _known(f"[method] {name}", table, ["name", "unit", *link, *taken])
        yield axes


def _parameters(factory: Any) -> list[str]:
    return list(inspect.signature(factory).parameters)


def _cells(
    objective: dict[str, list[Any]], method: dict[str, list[Any]], comparison: dict[str, list[Any]]
) -> Iterator[Cell]:
    tables = (objective, method, comparison)
    keys = [list(table) for table in tables]
    for values in product(*(v for table in tables for v in table.values())):
        rest = iter(values)
        f, m, c = ({key: next(rest) for key in names} for names in keys)
        axes = {
            **{"objective" if k == "name" else f"objective.{k}": v for k, v in f.items()},
            **{"method" if k == "name" else k: v for k, v in m.items()},
            **c,
        }
        yield Cell(_claim(f, m, c), axes)


def _claim(f: Table, m: Table, c: Table) -> Claim:
    objective = ObjectiveSpec(f["name"], {k: v for k, v in f.items() if k != "name"})
    spec = {k: v for k, v in m.items() if k in SPEC}
    options = {k: v for k, v in m.items() if k not in SPEC and k != "name"}
    method = MethodSpec(m["name"], **spec, options=options)
    for key in ("theorem", "statement", "start"):
        if not isinstance(c.get(key, ""), str):
            raise UsageError.of(f"{key} of [sweep]", c[key], "a name", "put it in quotes")
    claim = Claim("", objective=objective, method=method, **{"seeds": 1000, **c})
    integer("seeds of [sweep]", claim.seeds, 1, MAX_SEEDS)
    integer("steps of [sweep]", claim.steps, 1, MAX_STEPS)
    runs = json.dumps([objective.name, asdict(objective), asdict(method), claim.start])
    name = f"{objective.name}/{method.name}/{hashlib.sha256(runs.encode()).hexdigest()[:16]}"
    return replace(claim, id=name)
