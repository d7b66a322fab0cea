"""Verdicts on measured numbers: runs that are compared pair by pair, and several comparisons together.

Experiments that train afford tens of runs, not thousands: too few for the error rate of the whole job, which
is shared by a thousand claims. Their verdicts state a rate of their own, in the evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np
from numpy.typing import ArrayLike

from ractheory.compare.decision import Decision
from ractheory.evidence import Evidence, Verdict, proportion_at_least

SEEDS = 34
"""Runs of which all on one side decide at a rate of 1e-9, half of it on either side, and for two ends."""

OWN_RATE = 0.01
"""Chance, at most, that a measured verdict is wrong, where a claim states no other."""


def above_in_most_runs(
    first: ArrayLike, second: ArrayLike, margin: float = 0.0, rate: float = OWN_RATE
) -> Decision:
    """Decide "first > second + margin in more than half of all runs" from pairs, one a seed.

    The exact sign test: it needs independent pairs and nothing else of their law. A tie counts against.
    The decision carries the two medians, the second with the margin.

    >>> above_in_most_runs([2.0] * 10, [1.0] * 10).verdict.value
    'confirmed'
    >>> above_in_most_runs([1.0] * 10, [2.0] * 10).verdict.value
    'refuted'
    >>> above_in_most_runs([2.0] * 4, [1.0] * 4).verdict.value  # 1 in 16 by chance
    'undecided'
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float) + margin
    wins = int(np.sum(a > b))
    # Half of the rate on either side of the interval; a verdict uses one side.
    verdict, evidence = proportion_at_least(wins, len(a), 0.5, rate)
    return Decision(verdict, evidence, float(np.median(a)), float(np.median(b)))


def median_interval(values: ArrayLike, rate: float = OWN_RATE) -> tuple[float | None, float | None]:
    """Return order statistics between which the median lies with probability at least 1 - rate.

    For every law; None where there are too few values for that.

    >>> median_interval(range(1, 13))  # the second and the last but one: wrong with 26 in 4096
    (2.0, 11.0)
    >>> median_interval([1.0, 2.0, 3.0])
    (None, None)
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    n, below, cut = len(ordered), 0, 0
    while cut <= n and 2 * (below + comb(n, cut)) <= rate * 2**n:
        below, cut = below + comb(n, cut), cut + 1
    return (float(ordered[cut - 1]), float(ordered[n - cut])) if cut else (None, None)


def all_of(decisions: Sequence[tuple[str, Decision]]) -> Decision:
    """Return the decision of several statements together, each named; all must hold.

    Wrongly confirmed means that one that fails was confirmed, wrongly refuted that one that holds was
    refuted: the rate is at most the sum. The numbers are those of the first that is not confirmed, or of the
    first.

    >>> one = above_in_most_runs([2.0] * 10, [1.0] * 10)
    >>> two = above_in_most_runs([2.0] * 4, [1.0] * 4)
    >>> all_of([("one", one), ("two", two)]).verdict.value
    'undecided'
    """
    found = [decision.verdict for _, decision in decisions]
    verdict = Verdict.UNDECIDED
    if Verdict.REFUTED in found:
        verdict = Verdict.REFUTED
    elif all(v is Verdict.CONFIRMED for v in found):
        verdict = Verdict.CONFIRMED
    shown = next((d for _, d in decisions if d.verdict is not Verdict.CONFIRMED), decisions[0][1])
    statistical = any(d.evidence.kind == "statistical" for _, d in decisions)
    evidence = Evidence(
        "statistical" if statistical else "exact",
        sum(d.evidence.error_rate for _, d in decisions),
        None,
        None,
        max(d.evidence.seeds for _, d in decisions),
        "; ".join(f"{name}: {d.verdict.value}, {d.evidence.detail}" for name, d in decisions),
    )
    return Decision(verdict, evidence, shown.observed, shown.bound)
