"""Values that are no integers, numbers, arrays, ..., and the case that asks a constructor for one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf, nan
from typing import Any

import numpy as np

from ractheory.trust.bad_inputs import Case, refused

HUGE = 10**15
"""As a side of a matrix it asks for petabytes: refused by its size, or by the memory that is not there."""

NOT_INTEGERS = ("x", "2", 1.5, nan, inf, None, True, (), [2], -1, np.array([1, 2]), b"1", 1j)
NOT_NUMBERS: tuple[Any, ...] = (
    "x",
    "",
    nan,
    inf,
    -inf,
    None,
    True,
    (),
    [1.0, 2.0],
    1j,
    "1e999",
    {},
    np.array([1.0, 2.0]),
)
NOT_SPECTRA = (
    "nope",
    "",
    "1,x",
    (),
    (nan,),
    (-1.0,),
    (0.0,),
    5,
    None,
    {"a": 1},
    ((1.0,),),
    (inf,),
    (1.0,) * 99,
)
NOT_SEQUENCES = (
    None,
    3,
    "x",
    (),
    ((),),
    ((1,),),
    ((0, 1),),
    ((1.5, 2),),
    ((1, 2, 3),),
    (None,),
    ("ab",),
)
NOT_ARRAYS: tuple[Any, ...] = (
    None,
    "x",
    (),
    [[1.0], [1.0, 2.0]],
    [[nan]],
    [[inf]],
    3.0,
    [],
    [[]],
    [["a"]],
    [[1j]],
)
NOT_BOOLEANS = ("x", 2, None, 0.5)


Table = tuple[str, Callable[..., Any], Mapping[str, Any], Mapping[str, Sequence[Any]]]
"""What it is called, the call, sound arguments, and the bad values of each."""


def case(
    title: str,
    call: Callable[..., Any],
    key: str,
    value: Any,
    sound: Mapping[str, Any] | None = None,
) -> Case:
    """Return the case of one value of one parameter; `sound` are values of the others."""
    shown = " ".join(repr(value).split())
    name = f"{title}: {key} = {shown if len(shown) < 60 else shown[:57] + '...'}"
    asked = refused(call, **{**(sound or {}), key: value})
    return Case(name, asked)
