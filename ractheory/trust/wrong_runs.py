"""Planted errors in runs: links that do something else than their method says, and wrong draws.

The claims are asked of the method as declared; what runs is the plain transcription with one line wrong,
or the engine with another method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.compare import comparison
from ractheory.engine import transcription
from ractheory.engine.simulate import simulate
from ractheory.engine.transcription import Draws, projection
from ractheory.laws import Coordinates, Hadamard, Importance, Rademacher
from ractheory.methods import Method, Plain, Trains
from ractheory.objectives.base import Objective
from ractheory.trust import probes
from ractheory.trust.planted import Planted, swapped

Array = NDArray[np.float64]


class Link:
    """One link of a left-sketched chain on one block, with everything that a wrong rule may misuse.

    Attributes
    ----------
    objective, draws : what runs
    past : W_0, W_1, ..., the iterates before the present one
    """

    def __init__(self, objective: Objective, draws: Draws) -> None:
        self.objective, self.draws = objective, draws
        self.past: list[Array] = []
        self.kept: dict[str, Array] = {}

    @property
    def gamma(self) -> float:
        return self.draws.method.step

    @property
    def rows(self) -> int:
        return self.objective.shapes[0][0]

    def factor(self, t: int) -> Array:
        return self.draws.factor(t, 0, self.rows)

    def H(self, t: int) -> Array:
        return projection(self.factor(t))

    def G(self, W: Array) -> Array:
        return self.objective.flat_gradient(W.ravel()).reshape(W.shape)

    def advance(self, t: int, w: Array) -> tuple[Array, float]:
        W = w.reshape(self.objective.shapes[0])
        self.past.append(W)
        after = self.rule(t, W)
        HG = self.H(t) @ self.G(W)
        return after.ravel(), float(np.sum(HG**2))

    def rule(self, t: int, W: Array) -> Array:
        """Return W after link t."""
        return W - self.gamma * self.H(t) @ self.G(W)


Rule = Callable[[Link, int, Array], Array]


@contextmanager
def running(rule: Rule) -> Iterator[None]:
    """Let claims run the transcription with `rule` in the place of its links."""

    class Wrong(Link):
        def rule(self, t: int, W: Array) -> Array:
            return rule(self, t, W)

    with ExitStack() as stack:
        stack.enter_context(swapped(transcription, "Projected", Wrong))
        stack.enter_context(swapped(comparison, "simulate", transcription.transcribe))
        yield


def instead(change: Callable[[Method], Method]) -> AbstractContextManager[None]:
    """Let claims run another method than they say."""

    def run(objective: Objective, method: Method, *rest: Any) -> Any:
        return simulate(objective, change(method), *rest)

    return swapped(comparison, "simulate", run)


@contextmanager
def drawing(factor: Callable[..., Array]) -> Iterator[None]:
    """Let the transcription draw its factors by another function of (law, d, stream, seed, link, block)."""
    with ExitStack() as stack:
        stack.enter_context(swapped(transcription, "factor", factor))
        stack.enter_context(swapped(comparison, "simulate", transcription.transcribe))
        yield


# Wrong methods.


def single(W: Array) -> Array:
    """Return W rounded to single precision."""
    return W.astype(np.float32).astype(np.float64)


def _not_reset(link: Link, t: int, W: Array) -> Array:
    """The factor A of the last link is still there when B is redrawn."""
    B = link.factor(t)
    A = link.kept.get("A", np.zeros((B.shape[1], W.shape[1])))
    start = W + B @ A
    link.kept["A"] = A - link.gamma * np.linalg.pinv(B) @ link.G(start)
    return W + B @ link.kept["A"]


def _stale(link: Link, t: int, W: Array) -> Array:
    before = link.past[-2] if len(link.past) > 1 else W
    return W - link.gamma * link.H(t) @ link.G(before)


def _away_from_the_gradient(link: Link, t: int, W: Array) -> Array:
    """A sketch that knows the past: orthogonal to the first column of the gradient."""
    g = link.G(W)[:, :1]
    B = link.factor(t)
    return W - link.gamma * projection(B - projection(g) @ B) @ link.G(W)


def _regularised(link: Link, t: int, W: Array) -> Array:
    B = link.factor(t)
    H = B @ np.linalg.solve(B.T @ B + 0.5 * np.eye(B.shape[1]), B.T)
    return W - link.gamma * H @ link.G(W)


def _momentum(link: Link, t: int, W: Array) -> Array:
    before = link.past[-2] if len(link.past) > 1 else W
    return W - link.gamma * link.H(t) @ link.G(W) + 0.9 * (W - before)


RULES: tuple[tuple[str, str, Rule, probes.Probe], ...] = (
    ("pseudo-inverse-forgotten", "B B^T for H",
     lambda k, t, W: W - k.gamma * k.factor(t) @ k.factor(t).T @ k.G(W), probes.PL),
    ("pseudo-inverse-regularised", "(B^T B + I/2)^-1 for the pseudo-inverse", _regularised, probes.PL_FULL),
    ("merge-forgotten", "every link starts from W_0 again",
     lambda k, t, W: k.past[0] - k.gamma * k.H(t) @ k.G(k.past[0]), probes.PL_CHAIN),
    ("merge-doubled", "the product B A is added twice",
     lambda k, t, W: W - 2 * k.gamma * k.H(t) @ k.G(W), probes.PL),
    ("scale-applied-twice", "alpha/r = 1/2 enters the merge twice",
     lambda k, t, W: W - k.draws.method.scale * k.gamma * k.H(t) @ k.G(W), probes.PL_SCALED),
    ("B-not-reset", "the trained factor of the last link is kept", _not_reset, probes.DESCENT),
    ("stale-gradient", "the gradient of the link before", _stale, probes.PL_CHAIN),
    ("gradient-at-W0", "the gradient at the start, always",
     lambda k, t, W: W - k.gamma * k.H(t) @ k.G(k.past[0]), probes.PL_CHAIN),
    ("gradient-at-zero", "the gradient at W = 0",
     lambda k, t, W: W - k.gamma * k.H(t) @ k.G(0 * W), probes.DESCENT),
    ("ascent", "a plus for the minus", lambda k, t, W: W + k.gamma * k.H(t) @ k.G(W), probes.DESCENT),
    ("step-5-percent-long", "step 5 % too long",
     lambda k, t, W: W - 1.05 * k.gamma * k.H(t) @ k.G(W), probes.PL_FULL),
    ("step-1-percent-short", "step 1 % too short",
     lambda k, t, W: W - 0.99 * k.gamma * k.H(t) @ k.G(W), probes.PL_FULL),
    ("weight-decay", "a weight decay of a thousandth",
     lambda k, t, W: 0.999 * W - k.gamma * k.H(t) @ k.G(W), probes.PL_FULL),
    ("momentum", "momentum 0.9 between links", _momentum, probes.DESCENT),
    ("link-skipped", "every second link does nothing",
     lambda k, t, W: W if t % 2 else W - k.gamma * k.H(t) @ k.G(W), probes.PL_CHAIN),
    ("single-precision", "W is held in single precision",
     lambda k, t, W: single(W - k.gamma * k.H(t) @ k.G(W)), probes.DESCENT),
    ("last-column-forgotten", "the last column is not trained",
     lambda k, t, W: W - k.gamma * k.H(t) @ k.G(W) * (np.arange(W.shape[1]) < W.shape[1] - 1), probes.PL),
    ("complement", "I - H for H", lambda k, t, W: W - k.gamma * (k.G(W) - k.H(t) @ k.G(W)), probes.DESCENT),
    ("sign-steps", "the sign of the gradient", lambda k, t, W: W - k.gamma * k.H(t) @ np.sign(k.G(W)),
     probes.DESCENT),
)  # fmt: skip

METHODS: tuple[tuple[str, str, Callable[[Method], Method], probes.Probe], ...] = (
    ("wrong-side", "a right sketch for a left one", lambda m: replace(m, trains=Trains.RIGHT),
     probes.PL_WIDE),
    ("never-redrawn", "the sketch is frozen: AsymLoRA", lambda m: replace(m, redraw=False),
     probes.PL_CHAIN),
    ("above-2-over-L", "step 2/L and 5 %", lambda m: replace(m, step=2.1 * m.step), probes.PL),
    ("above-2-over-L-in-a-link", "step 2/L and 5 %", lambda m: replace(m, step=4.2 * m.step),
     probes.DESCENT),
    ("plain-factor-step", "a gradient step on the factor", lambda m: replace(m, inner=Plain()), probes.PL),
    ("rank-one", "rank 1 for rank 2", lambda m: replace(m, law=Coordinates(1)), probes.PL_COORDINATES),
)  # fmt: skip


# Wrong draws. The law of a factor is asked for by its name; these draw from another one.

true_factor = transcription.factor


def _later(link_of: Callable[[int], int]) -> Callable[..., Array]:
    return lambda law, d, stream, seed, link=0, block=0: true_factor(
        law, d, stream, seed, link_of(link), block
    )


def _with_replacement(
    law: Any, d: int, stream: str, seed: int, link: int = 0, block: int = 0
) -> Array:
    single = Coordinates(1)
    return np.hstack([true_factor(single, d, f"{stream}/{k}", seed, link) for k in range(law.rank)])


def _hadamard_with_replacement(
    law: Any, d: int, stream: str, seed: int, link: int = 0, block: int = 0
) -> Array:
    """Columns of one signed Hadamard matrix, each drawn anew."""
    signed = true_factor(Hadamard(d), d, stream, seed, link)
    picks = [true_factor(Coordinates(1), d, f"{stream}/{k}", seed, link) for k in range(law.rank)]
    return np.hstack([signed @ pick for pick in picks])


def _first_rows_only(
    law: Any, d: int, stream: str, seed: int, link: int = 0, block: int = 0
) -> Array:
    B = true_factor(law, d - 1, stream, seed, link, block)
    return np.vstack([B, np.zeros((1, B.shape[1]))])


def _wrong_weights(
    law: Any, d: int, stream: str, seed: int, link: int = 0, block: int = 0
) -> Array:
    """Importance sampling with the weights in the wrong order."""
    return true_factor(Importance(law.probabilities[::-1]), d, stream, seed, link, block)


def _too_uneven(law: Any, d: int, stream: str, seed: int, link: int = 0, block: int = 0) -> Array:
    squares = np.square(law.probabilities)
    return true_factor(Importance(tuple(squares / squares.sum())), d, stream, seed, link, block)


def _positive(law: Any, d: int, stream: str, seed: int, link: int = 0, block: int = 0) -> Array:
    return np.abs(true_factor(law, d, stream, seed, link, block))


def _seedless(law: Any, d: int, stream: str, seed: int, link: int = 0, block: int = 0) -> Array:
    return true_factor(law, d, stream, 0, link, block)


def _deficient(law: Any, d: int, stream: str, seed: int, link: int = 0, block: int = 0) -> Array:
    B = true_factor(law, d, stream, seed, link, block)
    B[:, -1] = B[:, 0]
    return B


def _of_tiny_variance(
    law: Any, d: int, stream: str, seed: int, link: int = 0, block: int = 0
) -> Array:
    return np.asarray(1e-3 * true_factor(law, d, stream, seed, link, block))


DRAWS: tuple[tuple[str, str, Callable[..., Array], probes.Probe], ...] = (
    ("used-twice", "every sketch serves two links", _later(lambda t: t // 2), probes.PL_CHAIN),
    ("frozen-after-two", "the third link's sketch is kept", _later(lambda t: min(t, 2)), probes.PL_LONG),
    ("coordinates-with-replacement", "coordinates are drawn with replacement", _with_replacement,
     probes.PL_COORDINATES),
    ("hadamard-with-replacement", "columns are drawn with replacement", _hadamard_with_replacement,
     probes.PL_HADAMARD),
    ("last-row-never", "the last row is never sketched", _first_rows_only, probes.PL_LONG),
    ("importance-order", "inclusion probabilities in reverse order", _wrong_weights,
     probes.INCLUSION),
    ("importance-biased", "inclusion probabilities squared and rescaled", _too_uneven,
     probes.INCLUSION),
    ("dependent-columns", "two columns are equal", _deficient, probes.PL_COORDINATES),
    ("positive-entries", "entries are |N(0, 1)|", _positive, probes.PL_ALIGNED),
    ("same-for-all-seeds", "all seeds share their sketches", _seedless, probes.PL_CHAIN),
)  # fmt: skip


def _as_if_of_full_rank(law: Rademacher, d: int) -> tuple[float, float]:
    return law.rank / d, law.rank / d


UNTOLD = (
    Planted(
        "sketches/of-variance-1e-6", "entries of the factor are a thousandth of what they should be",
        lambda: drawing(_of_tiny_variance), (probes.PL_FEW,),
        "H depends on the range of the factor alone: the projection is the same",
    ),
    Planted(
        "methods/projected-twice", "H H G for H G",
        lambda: running(lambda k, t, W: W - k.gamma * k.H(t) @ k.H(t) @ k.G(W)), (probes.PL_FEW,),
        "H is a projection, H H = H",
    ),
    Planted(
        "methods/step-1-percent-long-at-rank-1", "step 1 % too long at rank 1",
        lambda: running(lambda k, t, W: W - 1.01 * k.gamma * k.H(t) @ k.G(W)), (probes.PL_FEW,),
        "2 gamma L - (gamma L)^2 is flat at gamma L = 1: the rate moves by a hundred-thousandth",
    ),
)  # fmt: skip


def wrong_runs() -> tuple[Planted, ...]:
    """Return the planted errors in methods and sketches."""
    return (
        *(Planted(f"methods/{n}", says, partial(running, rule), (probe,))
          for n, says, rule, probe in RULES),
        *(Planted(f"methods/{n}", says, partial(instead, change), (probe,))
          for n, says, change, probe in METHODS),
        Planted("methods/knows-the-past", "the sketch is orthogonal to a column of the gradient",
                lambda: running(_away_from_the_gradient), (probes.PL,)),
        *(Planted(f"sketches/{n}", says, partial(drawing, draw), (probe,))
          for n, says, draw, probe in DRAWS),
        Planted("sketches/rademacher-rank", "lam_min of the sign law taken as r/m",
                lambda: swapped(Rademacher, "extremes", _as_if_of_full_rank), (probes.PL_RADEMACHER,)),
        *UNTOLD,
    )  # fmt: skip
