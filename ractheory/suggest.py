"""Errors for unknown names, with the close matches."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from ractheory.errors import UsageError

SHOWN = 8
"""Longer lists of names are cut after so many."""


def unknown(name: str, given: str, allowed: Iterable[str], where: str = "") -> UsageError:
    """Return the error for a `given` that is none of the names `allowed`; `where` says how to see them.

    >>> str(unknown("sketch", "har", ["haar", "gaussian"]))
    'sketch = har: allowed is haar, gaussian; did you mean haar?'
    """
    names = list(dict.fromkeys(allowed))
    close = get_close_matches(given, names, n=3, cutoff=0.6)
    listed = ", ".join(names[:SHOWN]) + (
        f", ... ({len(names)} in all)" if len(names) > SHOWN else ""
    )
    mend = "; ".join([f"did you mean {' or '.join(close)}?"] * bool(close) + [where] * bool(where))
    return UsageError.of(name, given, listed, mend or "choose one of these")
