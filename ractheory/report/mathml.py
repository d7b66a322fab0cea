"""Formulas of a page: LaTeX as MathML, with no network and no script."""

from __future__ import annotations

from functools import lru_cache
from html import escape

import math_core

_CONVERTER = math_core.LatexToMathML()


@lru_cache(maxsize=2048)
def mathml(latex: str, display: bool = True) -> str:
    r"""Return `latex` as one MathML element, the source kept as its label for those who cannot see it.

    Raises ValueError for LaTeX that cannot be read.

    >>> mathml("q^T", display=False)
    '<math aria-label="q^T"><msup><mi>q</mi><mi>T</mi></msup></math>'
    """
    try:
        made = _CONVERTER.convert_with_local_state(latex, displaystyle=display)
    except math_core.LatexError as error:
        raise ValueError(f"cannot read the formula {latex}: {error}") from None
    # The one named entity that MathML has and XML has not.
    made = made.replace("&ApplyFunction;", "\u2061")
    return made.replace("<math", f'<math aria-label="{escape(latex)}"', 1)
