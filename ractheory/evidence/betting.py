"""Tests of the mean of a non-negative variable by betting: the one e-process behind every verdict.

For Y >= 0 and a number nu > 0 fixed beforehand, a gambler who stakes the share lam in [0, 1] of
the capital on "Y exceeds nu" holds prod_s (1 + lam (Y_s/nu - 1)) after the seeds s. If E Y <= nu
this is a non-negative supermartingale that starts at 1, and so is its average over a fixed grid of
shares. Ville's inequality: the chance that it ever reaches 1/alpha is at most alpha, whatever the
law and the rule for stopping. Refuting E X <= b is the case Y = X; confirming it, for X <= R, is
the case Y = R - X. Source: Waudby-Smith and Ramdas, "Estimating means of bounded random
variables by betting", JRSS B 86 (2024), sections 3 and 4; Ville (1939).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ractheory.errors import UsageError

Array = NDArray[np.float64]

# Shares of the capital. The growth rate is nearly quadratic around the best share lam*, so the
# nearest share of a grid of ratio sqrt(2) keeps at least 97 percent of it; 2^-20 serves relative
# deviations of size 1e-6 times the variance. Averaging 41 shares costs log(41) = 3.7 nats.
SHARES: Array = 2.0 ** (-np.arange(41) / 2)

# An excess above this is counted as this: less than the truth, hence valid, and products of
# CHUNK factors stay within floating point (1e30^8 < 1e308).
LARGEST_EXCESS = 1e30
CHUNK = 8

# A lower bound below the sample mean by more than e^-60 (1e-26) is reported as 0.
MOST_BELOW_MEAN = 60.0


def one_axis(samples: ArrayLike) -> Array:
    """Return samples as numbers on one axis, the seeds, or raise UsageError.

    >>> one_axis([1, 2])
    array([1., 2.])
    """
    try:
        x = np.asarray(samples, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError.of("samples", samples, "numbers on one axis", "mend them") from None
    if x.ndim != 1:
        raise UsageError.of("samples of shape", x.shape, "one axis, the seeds", "pass x[:, t]")
    return x


def log_threshold(error_rate: float) -> float:
    """Return the log wealth at which a test decides: half of the rate for each of its two sides.

    >>> round(float(np.exp(log_threshold(0.05))), 9)
    40.0
    """
    return float(np.log(2.0 / error_rate))


def log_wealths(excess: Array) -> Array:
    """Return log prod_s (1 + lam y_s) for every lam of SHARES; y = Y/nu - 1 >= -1 along axis 0.

    Shape (S, ...) gives (41, ...). Logarithms of products of CHUNK factors are summed: an eighth
    of the logarithms, and no overflow. A factor 0 gives -inf: that share has lost everything.

    >>> log_wealths(np.array([1.0, 1.0]))[0] == 2 * np.log(2.0)   # lam = 1: doubled twice
    np.True_
    """
    bounded = np.minimum(excess, LARGEST_EXCESS)
    rest = bounded.shape[1:]
    padding = np.zeros((-len(bounded) % CHUNK, *rest))
    chunks = np.concatenate([bounded, padding]).reshape((CHUNK, -1, *rest))
    with np.errstate(divide="ignore", under="ignore"):
        return np.array([np.log(np.prod(1.0 + lam * chunks, axis=0)).sum(axis=0) for lam in SHARES])


def log_average(log_wealth: Array) -> Array:
    """Return the logarithm of the average wealth over SHARES, along axis 0.

    >>> float(log_average(np.zeros(41)))
    0.0
    """
    top = log_wealth.max(axis=0)  # finite: a share below 1 never loses everything
    result: Array = top + np.log(np.mean(np.exp(log_wealth - top), axis=0))
    return result


def log_e_value(samples: ArrayLike, bound: ArrayLike) -> Array:
    """Return the log e-value against E Y <= bound for Y >= 0, seeds along axis 0.

    `bound` > 0 broadcasts against samples[0], so that a whole curve (S, T) against (T,) is one
    call. The minimum over t of the e-values is one against "some t has E Y_t <= bound_t" (for a
    claim about min_t), their average one against "every t has". NaN counts as 0, the least
    evidence; a sample +inf counts as LARGEST_EXCESS times the bound.

    >>> float(np.exp(log_e_value([1.0, 1.0, 1.0], 1.0)))   # equality says nothing
    1.0
    """
    limit = np.asarray(bound, dtype=np.float64)
    if not np.all((limit > 0.0) & (limit < np.inf)):
        raise UsageError.of("bound", bound, "finite numbers > 0", "use mean_at_most for others")
    values = np.asarray(samples, dtype=np.float64)
    with np.errstate(over="ignore"):
        excess = (np.where(values > 0.0, values, 0.0) - limit) / limit
    return log_average(log_wealths(excess))


def lower_confidence_bound(samples: Array, log_threshold: float) -> float:
    """Return the largest nu such that the e-value against E Y <= nu is at least exp(log_threshold).

    With probability at least 1 - exp(-log_threshold) it lies below E Y, at every stopping time.
    In s = -log nu every log factor log(1 - lam + lam Y e^s) is convex and increasing, hence so is
    the log of the average wealth. The secant through two points to the right of the root of a
    convex function meets zero at a third: every iterate is a nu that the test rejects, so that
    stopping early errs on the safe side.

    >>> round(lower_confidence_bound(np.ones(1000), np.log(20.0)), 4)
    0.9936
    """
    mean = float(np.mean(samples)) if len(samples) else 0.0
    if not 0.0 < mean < np.inf:
        return max(mean, 0.0)
    relative = samples / mean

    def surplus(s: float) -> float:
        return float(log_average(log_wealths(relative * np.exp(s) - 1.0))) - log_threshold

    right = 2.0 / len(samples) ** 0.5
    while surplus(right) < 0.0:  # at s = 0 it is negative, by Jensen's inequality
        right *= 2.0
        if right > MOST_BELOW_MEAN:
            return 0.0
    far, at_far, at_right = 1.25 * right, surplus(1.25 * right), surplus(right)
    while at_right > 0.0 and at_far > at_right:
        step = (far - right) * at_right / (at_far - at_right)
        nearer = surplus(right - step)
        if step < 1e-12 or nearer < 0.0:  # the root, to the precision of the sums
            break
        far, at_far, right, at_right = right, at_right, right - step, nearer
    return mean * float(np.exp(-right))
