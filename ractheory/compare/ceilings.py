"""How high f can rise for certain along a chain that samples components: a sure bound, for confirmations.

Every step of such a chain, k of them in all (an epoch of N counts N), is W - gamma H grad f_i(W), or the mean
of such steps, or of the ends of such epochs. Two bounds of f(W_T) - f*, of which the lower one is taken:

1. f_i L-smooth, W* a minimiser, g = max_i |grad f_i(W*)|: |grad f_i(W)| <= g + L |D|, so |D+| <= (1 + gamma L) |D|
   + gamma g, |D_T| <= a |D_0| + (a - 1) g/L with a = (1 + gamma L)^k, and f - f* <= (L_f/2) |D|^2.
2. f_i(W) = l(x_i W, y_i) + (ridge/2) |W|^2 with |l'| <= beta and gamma ridge <= 2: |I - gamma ridge H| <= 1, so
   |W_T| <= R = |W_0| + k gamma b, b = beta max_i |x_i|, and |W_T - W_0| <= k gamma (b + ridge R). The mean loss is
   (beta mean_i |x_i|)-Lipschitz.

|G|^2 <= 2 L_f (f - f*) turns either into a bound of the squared gradient.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ractheory.compare.worlds import one_step_only
from ractheory.finite_sums import derivative_bound
from ractheory.methods import Method
from ractheory.objectives.base import Objective
from ractheory.objectives.linear_model import LinearModel
from ractheory.oracles import LocalEpochs, MiniBatch, Reshuffle

Array = NDArray[np.float64]


def component_steps(f: Objective, method: Method, links: int) -> int | None:
    """Return k, how many component steps `links` links make one after the other; None for other chains."""
    if not one_step_only(method):
        return None
    match method.oracle:
        case MiniBatch():
            return links
        case Reshuffle():
            return links * f.components
        case LocalEpochs(clients):
            return links * (f.components // clients)
        case _:
            return None


def sure_gap(f: Objective, method: Method, start: Array, links: int) -> float | None:
    """Return a number that f(W_t) - f* exceeds at no t <= links, whatever is drawn, or None.

    >>> from ractheory.methods import rac_lora_sgd
    >>> from ractheory.objectives import objective
    >>> f = objective("scattered-targets", N=4, columns=2)
    >>> sure_gap(f, rac_lora_sgd(0.1), f.constants.minimiser, 1) < 1.0
    True
    """
    k = component_steps(f, method, links)
    if k is None:
        return None
    bounds = [_by_smoothness(f, method.step, start, k), _by_slopes(f, method.step, start, k)]
    return min((b for b in bounds if b is not None and np.isfinite(b)), default=None)


def _by_smoothness(f: Objective, gamma: float, start: Array, k: int) -> float | None:
    L, centre = f.component_L(), f.constants.minimiser
    if L is None or centre is None or f.constants.L is None or not f.constants.fstar_is_exact:
        return None
    g = max(
        float(np.linalg.norm(f.flat_component_gradient(i, centre))) for i in range(f.components)
    )
    with np.errstate(over="ignore"):
        a = float(np.exp(k * np.log1p(gamma * L)))
        distance = a * float(np.linalg.norm(start - centre)) + (a - 1.0) * g / L
        return f.constants.L / 2 * distance**2


def _by_slopes(f: Objective, gamma: float, start: Array, k: int) -> float | None:
    beta = derivative_bound(f.problem()) if isinstance(f, LinearModel) and not f.ratio else None
    if not isinstance(f, LinearModel) or beta is None or gamma * f.ridge > 2.0:
        return None
    sizes = np.linalg.norm(f.X, axis=1)
    b, size = beta * float(sizes.max()), float(np.linalg.norm(start))
    reach = size + k * gamma * b
    moved = k * gamma * (b + f.ridge * reach)
    loss = f.flat_value(start) - f.ridge / 2 * size**2
    return loss + beta * float(sizes.mean()) * moved + f.ridge / 2 * reach**2 - f.constants.fstar
