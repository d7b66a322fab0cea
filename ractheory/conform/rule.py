"""A user's update rule: the file that holds it, what it declares, and every way in which it can be unfit."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.claims.claim import MethodSpec
from ractheory.conform import module
from ractheory.errors import UsageError, integer, readable, real

Matrix = NDArray[np.float64]
Gradient = Callable[[Matrix], Matrix]
Step = Callable[[Matrix, Gradient, np.random.Generator, dict[str, Any]], Any]

ARGUMENTS = "step(W, gradient, rng, state)"
LAWS = ("haar", "gaussian", "coordinates")
LARGEST_RANK = 32
"""The shapes that a rule runs on grow with the rank that it declares."""


@dataclass(frozen=True)
class Declared:
    """What the author of a rule believes: step times L, rank, side and law of its isotropic sketch."""

    gammaL: float
    rank: int = 1
    side: str = "left"
    law: str = "haar"

    def __post_init__(self) -> None:
        real("DECLARES gammaL", self.gammaL, 0.0, open_low=True, mend="give the step times L")
        integer("DECLARES rank", self.rank, 1, LARGEST_RANK, "give the rank of the sketch")
        for name, allowed in (("side", ("left", "right")), ("law", LAWS)):
            value = getattr(self, name)
            if value not in allowed:
                raise UsageError.of(f"DECLARES {name}", value, " or ".join(allowed), "choose one")

    @classmethod
    def of(cls, declares: object) -> Declared:
        """Return what the `DECLARES` of a file says.

        >>> Declared.of({"gammaL": 1.0, "rank": 2})
        Declared(gammaL=1.0, rank=2, side='left', law='haar')
        """
        known = [field.name for field in fields(cls)]
        example = 'for example DECLARES = {"gammaL": 1.0, "rank": 2, "side": "left"}'
        if not isinstance(declares, Mapping) or "gammaL" not in declares:
            shown = "nothing" if declares is None else declares
            raise UsageError.of("DECLARES", shown, "a dict with gammaL, rank and side", example)
        for key in declares:
            if key not in known:
                raise UsageError.of("key of DECLARES", key, ", ".join(known), "correct its name")
        return cls(**declares)

    @property
    def spec(self) -> MethodSpec:
        """The method that the theorems are handed."""
        return MethodSpec("rac-lora", float(self.gammaL), "1/L", self.rank, self.side, self.law)


@dataclass(frozen=True)
class Rule:
    """An update rule: `make()` returns a fresh `step` for each run."""

    name: str
    make: Callable[[], Step]
    declared: Declared

    @property
    def title(self) -> str:
        """The name of the function alone."""
        return self.name.rpartition(":")[2]


def load_rule(place: str) -> Rule:
    """Return the rule at `place`, "PATH.py:FUNCTION".

    A class with a method `step` will do, and a class of PyTorch modules with an optimizer, see
    `ractheory.conform.module`.

    Raises UsageError when there is no such file or function, when the file cannot be imported, and when
    what it declares is unfit.
    """
    path, colon, name = place.rpartition(":")
    if not (colon and path.endswith(".py") and name.isidentifier()):
        raise UsageError.of(
            "rule", place, "PATH.py:FUNCTION", "name the file and the function in it"
        )
    held = _imported(readable("rule", Path(path), "a Python file that exists"))
    if not hasattr(held, name):
        rules = [key for key, value in vars(held).items() if _is_own(value, held)]
        allowed = ", ".join(rules) or "a function of the file, which has none"
        raise UsageError.of(f"function of {path}", name, allowed, "correct its name")
    declared = Declared.of(getattr(held, "DECLARES", None))
    return Rule(place, maker(place, getattr(held, name)), declared)


def _imported(path: Path) -> ModuleType:
    """Import the file at `path` on its own, with its folder in reach of its imports."""
    spec = importlib.util.spec_from_file_location(f"ractheory_rule_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise unfit(str(path), error, path) from error
    finally:
        sys.path.pop(0)
    return module


def unfit(name: str, error: BaseException, path: Path) -> UsageError:
    """Return the one line that tells of an exception which the user's code raised."""
    if isinstance(error, ModuleNotFoundError):
        allowed = "a file whose imports are installed"
        return UsageError.of(name, f"no module {error.name}", allowed, f"install {error.name}")
    lines = [f.lineno for f in extract_tb(error.__traceback__) if f.filename == str(path)]
    line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
    where = f" in line {line}" if line is not None else ""
    message = f"{type(error).__name__}{where}: {error}"
    return UsageError.of(name, message, "code that runs", "mend the file")


def _is_own(value: object, module: ModuleType) -> bool:
    return callable(value) and getattr(value, "__module__", "") == module.__name__


def maker(place: str, found: Any) -> Callable[[], Step]:
    """Return what makes a fresh step function for each run: from a function, a class, or a class of modules.

    Raises UsageError for anything else, and where it does not take the arguments that it will be given.
    """
    path = Path(place.rpartition(":")[0])
    if module.is_module(found):
        _takes(place, found, module.ARGUMENTS)
        return lambda: module.ModuleSteps(place, found).step
    if not callable(found):
        raise UsageError.of("rule", place, "a function or a class", f"define {ARGUMENTS}")
    if not inspect.isclass(found):
        _takes(place, found, ARGUMENTS)
        return lambda: found

    new: Any = found

    def made() -> Step:
        try:
            step: Step = new().step
            return step
        except Exception as error:
            raise unfit(place, error, path) from error

    _takes(place, made(), ARGUMENTS)
    return made


def _takes(place: str, called: Callable[..., Any], arguments: str) -> None:
    """Raise UsageError unless `called` takes the `arguments`, such as "step(W, gradient, rng, state)"."""
    names = arguments.partition("(")[2].rstrip(")").removeprefix("self, ").split(", ")
    try:
        inspect.signature(called).bind(*names)
    except (TypeError, ValueError):
        mend = f"take these {len(names)}"
        raise UsageError.of(f"arguments of {place}", "others", arguments, mend) from None
