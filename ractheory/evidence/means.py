"""Deciding a bound on an expectation from independent samples, at any stopping time.

A verdict is wrong with probability at most `error_rate`, whatever the law of the samples and
whenever sampling stops. The rate is split in two halves, one for the test that refutes and one for
the test that confirms and for the confidence bound, so that verdict and bound hold together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf, log

import numpy as np
from numpy.typing import ArrayLike

from ractheory.errors import UsageError, extended_real, integer, real
from ractheory.evidence import betting
from ractheory.evidence.betting import Array
from ractheory.evidence.verdict import Evidence, Verdict

BELOW_ZERO = "X >= 0"
ABOVE_CEILING = "X <= ceiling"


@dataclass(frozen=True)
class Sequential:
    """The running test of "E X <= bound" (at least, if not `at_most`) for X >= 0, fed in blocks.

    `bound` is fixed beforehand; `ceiling` is an almost sure bound X <= R, without which a claim
    "at most" cannot be confirmed, nor one "at least" refuted; `resolution` is the absolute
    round-off of a sample and of the bound together. Refutation counts X - resolution, confirmation
    X + resolution. A sample +inf (a diverged run) is an observation; NaN is an unknown value
    of [0, R], counted as whichever end speaks against deciding.
    A verdict once reached stays (Ville's inequality allows to stop there).

    >>> test = Sequential(bound=1.0, ceiling=2.0, error_rate=0.01)
    >>> test.fed(np.full(20, 0.5)).verdict
    <Verdict.UNDECIDED: 'undecided'>
    >>> test.fed(np.full(20, 0.5)).fed(np.full(20, 0.5)).verdict
    <Verdict.CONFIRMED: 'confirmed'>
    """

    bound: float
    ceiling: float | None
    error_rate: float
    resolution: float = 0.0
    at_most: bool = True
    samples: tuple[Array, ...] = ()
    log_wealth_above: Array | float = 0.0  # against E X <= bound, one entry for each share
    log_wealth_below: Array | float = 0.0  # against E X >= bound
    broken: str = ""  # which of the assumptions 0 <= X <= R the samples contradict
    verdict: Verdict = Verdict.UNDECIDED

    def __post_init__(self) -> None:
        real("error rate", self.error_rate, 0.0, 1.0, open_low=True, open_high=True)
        real("resolution", self.resolution, 0.0)
        extended_real("bound", self.bound)
        if self.ceiling is not None and not extended_real("ceiling", self.ceiling) >= 0.0:
            raise UsageError.of("ceiling", self.ceiling, "a number >= 0", "pass None if unknown")

    @property
    def seeds(self) -> int:
        return sum(len(block) for block in self.samples)

    @property
    def log_threshold(self) -> float:
        return betting.log_threshold(self.error_rate)

    @property
    def _range(self) -> float:
        return inf if self.ceiling is None else float(self.ceiling)

    def fed(self, block: ArrayLike) -> Sequential:
        """Return the test after one more block of samples, shape (S,)."""
        x = betting.one_axis(block)
        broken = self.broken
        if np.any(x < -self.resolution):
            broken = BELOW_ZERO
        elif np.any(x > self._range + self.resolution):
            broken = broken or ABOVE_CEILING
        fed = replace(
            self, samples=(*self.samples, x), broken=broken,
            log_wealth_above=_sum(self.log_wealth_above, self._gain_above(x)),
            log_wealth_below=_sum(self.log_wealth_below, self._gain_below(x)),
        )  # fmt: skip
        return replace(fed, verdict=fed._decide())

    def _gain_above(self, x: Array) -> Array | float:
        """Return the log wealth won by betting that E X exceeds the bound."""
        limit = float(self.bound) + self.resolution
        low = np.where(x > 0.0, x, 0.0)  # NaN counts as 0
        if abs(limit) == inf or not len(x):
            return 0.0
        if np.any(low == inf) or limit < 0.0:
            return inf
        if limit == 0.0:
            return inf if low.max() > 0.0 else 0.0
        with np.errstate(over="ignore"):
            return betting.log_wealths((low - limit) / limit)

    def _gain_below(self, x: Array) -> Array | float:
        """Return the log wealth won by betting that E X is less than the bound b.

        That is betting that R - X exceeds R - b in the mean.
        """
        limit, top = float(self.bound) - self.resolution, self._range
        high = np.where(x < top, np.maximum(x, 0.0), top)  # NaN counts as the ceiling
        if top == inf or abs(limit) == inf or not len(x):
            return 0.0
        if limit > top:
            return inf
        if limit == top:
            return inf if high.min() < top else 0.0
        with np.errstate(over="ignore"):
            return betting.log_wealths((limit - high) / (top - limit))

    def _log_e_values(self) -> tuple[float, float]:
        """Return the log e-values against the statement and against its opposite."""
        above, below = _log_e(self.log_wealth_above), _log_e(self.log_wealth_below)
        return (above, below) if self.at_most else (below, above)

    def _decide(self) -> Verdict:
        if self.verdict is not Verdict.UNDECIDED:
            return self.verdict
        against, opposite = self._log_e_values()
        if against >= self.log_threshold and self._assumed(ceiling=not self.at_most):
            return Verdict.REFUTED
        confirmed = opposite >= self.log_threshold or self._trivial()
        if confirmed and self._assumed(ceiling=self.at_most):
            return Verdict.CONFIRMED
        return Verdict.UNDECIDED

    def _assumed(self, ceiling: bool) -> bool:
        """Whether the samples agree with X >= 0, and with X <= R if the test uses the ceiling."""
        return not self.broken or (self.broken == ABOVE_CEILING and not ceiling)

    def _trivial(self) -> bool:
        """Whether 0 <= X <= R alone implies the statement."""
        if self.at_most:
            return self._range <= float(self.bound) - self.resolution < inf
        return -inf < float(self.bound) + self.resolution <= 0.0

    def confidence_bound(self) -> float | None:
        """Return the bound of the mean that inverts the confirming test, at error_rate / 2.

        An upper bound for "at most" (None without a ceiling), a lower bound for "at least".
        """
        if self.broken or not self.samples:
            return None
        x = np.concatenate(self.samples)
        if not self.at_most:
            low = betting.lower_confidence_bound(np.where(x > 0.0, x, 0.0), self.log_threshold)
            return max(low - self.resolution, 0.0)
        top = self._range
        if top == inf:
            return None
        below_top = np.where(x < top, top - np.maximum(x, 0.0), 0.0)
        deficit = betting.lower_confidence_bound(below_top, self.log_threshold)
        return min(float(np.nextafter(top - deficit, inf)) + self.resolution, top)

    def evidence(self) -> Evidence:
        """Return what the verdict so far rests on."""
        against, opposite = (value / log(10.0) for value in self._log_e_values())
        # without a ceiling nothing was staked on that side
        known = self.ceiling is not None or self.at_most
        x = np.concatenate(self.samples) if self.samples else np.zeros(0)
        with np.errstate(invalid="ignore", over="ignore"):
            mean = float(np.mean(x)) if len(x) else float("nan")
        words = [f"mean {mean:.6g} of {len(x)} seeds, bound {self.bound:.6g}"]
        words.append(f"log10 e-values {against:.4g} against, {opposite:.4g} for")
        if unknown := int(np.isnan(x).sum()):
            words.append(f"{unknown} unknown (NaN)")
        if self.broken:
            words.append(f"the assumption {self.broken} is contradicted by the samples")
        elif abs(self.bound) == inf:
            words.append("the bound is not finite")
        return Evidence(
            "statistical", self.error_rate,
            (10.0**against if against < 308.0 else inf) if known else None,
            self.confidence_bound(), len(x), "; ".join(words),
            log10_e_value=against if known else None,
        )  # fmt: skip


def _sum(wealth: Array | float, gain: Array | float) -> Array | float:
    """Return wealth + gain, where the scalar inf stands for certainty, which nothing takes back."""
    certain = inf in (wealth if isinstance(wealth, float) else 0.0,
                      gain if isinstance(gain, float) else 0.0)  # fmt: skip
    return inf if certain else wealth + gain


def _log_e(wealth: Array | float) -> float:
    if isinstance(wealth, float):
        return wealth
    return float(betting.log_average(wealth))


def sequentially(
    test: Sequential, draw: Callable[[int, int], ArrayLike], block: int, cap: int
) -> Sequential:
    """Feed `test` with draw(first, count), samples of seeds first, ..., until it decides.

    Blocks double in size; after `cap` seeds the verdict stays undecided. Valid for any block
    and cap, since the tests hold at every stopping time.

    >>> half = sequentially(Sequential(1.0, 1.5, 1e-9), lambda s, n: np.full(n, 0.5), 16, 1000)
    >>> half.verdict.value, half.seeds
    ('confirmed', 64)
    """
    size = integer("block", block, 1)
    limit = integer("cap", cap, 1)
    while test.verdict is Verdict.UNDECIDED and test.seeds < limit:
        count = min(max(size, test.seeds), limit - test.seeds)
        test = test.fed(draw(test.seeds, count))
    return test


def mean_at_most(
    samples: ArrayLike, bound: float, ceiling: float | None, error_rate: float,
    resolution: float = 0.0,
) -> tuple[Verdict, Evidence]:  # fmt: skip
    """Decide "E X <= bound" for X >= 0 from independent samples, shape (S,); see `Sequential`.

    >>> verdict, evidence = mean_at_most(np.full(100, 2.0), 1.0, None, 1e-9)
    >>> verdict.value, evidence.log10_e_value > 9
    ('refuted', True)
    """
    test = Sequential(bound, ceiling, error_rate, resolution).fed(samples)
    return test.verdict, test.evidence()


def mean_at_least(
    samples: ArrayLike, bound: float, ceiling: float | None, error_rate: float,
    resolution: float = 0.0,
) -> tuple[Verdict, Evidence]:  # fmt: skip
    """Decide "E X >= bound" for X >= 0 from independent samples, shape (S,); see `Sequential`.

    >>> mean_at_least(np.full(100, 2.0), 1.0, None, 1e-9)[0].value
    'confirmed'
    """
    test = Sequential(bound, ceiling, error_rate, resolution, at_most=False).fed(samples)
    return test.verdict, test.evidence()
