"""Text that ships with Python, as characters of a small alphabet: prose, code and tables.

The prose is that of the language reference in `pydoc_data`, the code is that of some modules with comments
and docstrings taken out, the tables are those of the 8-bit encodings. Which it is, the guard has to tell.
"""

from __future__ import annotations

import ast
import inspect
import string
from functools import lru_cache
from importlib import import_module
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ractheory.errors import integer

Tokens = NDArray[np.int64]

KINDS = ("prose", "code", "table")
ALPHABET = "\n" + string.printable[:95]
"""What the model reads and writes; any other character counts as the one after the last."""
SYMBOLS = len(ALPHABET) + 1
LENGTH = 32
"""Characters of a snippet, and of what the model sees."""
SIZE = 60_000
"""Characters of each kind."""

CODE = ("argparse", "tarfile")
TABLES = ("cp1250", "cp1251", "cp1252", "cp1253", "iso8859_2", "iso8859_5", "koi8_r", "mac_roman")


class Snippets(NamedTuple):
    """Rows of LENGTH tokens, and the number of the kind of each."""

    tokens: Tokens
    kinds: Tokens


@lru_cache(maxsize=1)
def texts() -> tuple[str, ...]:
    """Return the text of each kind, at most SIZE characters."""
    topics = import_module("pydoc_data.topics").topics
    prose = "\n".join(topics[name] for name in sorted(topics))
    code = "\n".join(_bare(inspect.getsource(import_module(name))) for name in CODE)
    tables = [inspect.getsource(import_module(f"encodings.{name}")) for name in TABLES]
    table = "\n".join(text.partition("decoding_table = (")[2] for text in tables)
    return tuple(text[:SIZE] for text in (prose, code, table))


def _bare(source: str) -> str:
    """Return the code without comments and docstrings.

    >>> _bare("def f(x):\\n    'The same.'\\n    return x  # as it is")
    'def f(x):\\n    return x'
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and len(body) > 1 and _is_text(body[0]):
            del body[0]
    return ast.unparse(tree)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def encoded(text: str) -> Tokens:
    """Return the numbers of the characters.

    >>> encoded("\\n0é").tolist()
    [0, 1, 96]
    """
    place = {letter: number for number, letter in enumerate(ALPHABET)}
    return np.array([place.get(letter, SYMBOLS - 1) for letter in text], dtype=np.int64)


@lru_cache(maxsize=1)
def _halves() -> tuple[tuple[Tokens, Tokens], ...]:
    return tuple((t[: len(t) // 2], t[len(t) // 2 :]) for t in map(encoded, texts()))


def snippets(count: int, seed: int, held_out: bool = False, longer: int = 0) -> Snippets:
    """Return `count` snippets, the kinds in turn, from random places.

    They come from the first half of each text, `held_out` from the second; `longer` characters are added.
    """
    rng = np.random.default_rng([integer("seed", seed, 0), held_out])
    kinds = np.arange(integer("rows", count, len(KINDS), 100_000)) % len(KINDS)
    rows = []
    for kind in kinds:
        text = _halves()[kind][held_out]
        place = int(rng.integers(len(text) - LENGTH - longer))
        rows.append(text[place : place + LENGTH + longer])
    return Snippets(np.array(rows), kinds)
