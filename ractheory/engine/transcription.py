"""The update rules as the papers print them: plain NumPy, H as a matrix, A and B explicit.

The compiled kernels are tested against this module, and objectives without a compiled form are run by
it. Only the random words are shared: a frozen factor is drawn by `draw_factor` here and there.

Notation: W <- W - gamma H G with H = B (B^T B)^+ B^T for a left sketch and W <- W - gamma G H with
H = A^T (A A^T)^+ A for a right one (RAC-LoRA, arXiv 2410.08305, section 4); W = W_0 + s B A, with the
gradients s B^T G for A and s G A^T for B, where factors are trained by gradient steps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ractheory.engine.draw import DEPENDENT
from ractheory.engine.projected import DIVERGED
from ractheory.engine.random import Purpose, stream_key, uniform
from ractheory.engine.run import Run
from ractheory.laws import Gaussian, Law
from ractheory.methods import AdamW, ExactLink, Method, Momentum, Sign, Trains
from ractheory.objectives.base import Objective
from ractheory.sketches import factor

Array = NDArray[np.float64]
Blocks = list[Array]


@dataclass(frozen=True)
class Draws:
    """The random choices of one seed of a method."""

    method: Method
    stream: str
    seed: int
    frame: Array | None = None

    def side(self, link: int) -> Trains:
        """Return LEFT or RIGHT for the link (BOTH and FULL as they are)."""
        if self.method.trains is not Trains.BERNOULLI:
            return self.method.trains
        coin = uniform(stream_key(self.stream), self.seed, link, int(Purpose.SIDE), 0)
        return Trains.LEFT if coin < self.method.left_probability else Trains.RIGHT

    def factor(self, link: int, block: int, d: int) -> Array:
        """Return the factor of the law drawn at `link` for a block, shape (d, r).

        A range is all that a projected link needs of a Haar factor; where the factor itself is trained on,
        its entries are N(0, 1).
        """
        law: Law = self.method.law
        if law.name == "haar" and not self.method.projected:
            law = Gaussian(law.rank)
        B = factor(law, d, self.stream, self.seed, link, block)
        return B if self.frame is None else self.frame @ B

    @property
    def redrawn(self) -> bool:
        return self.method.redraw and self.method.law.name != "frozen"

    def drawn_at(self, link: int) -> int:
        """Return the link whose draw serves at `link`: the first one, where a sketch is kept."""
        return link if self.redrawn else 0


def projection(B: Array) -> Array:
    """Return H = B (B^T B)^+ B^T, written with B^+ = (B^T B)^+ B^T so that nothing is squared.

    >>> projection(np.array([[3.0, 6.0], [0.0, 0.0]]))
    array([[1., 0.],
           [0., 0.]])
    """
    return B @ np.linalg.pinv(B, rcond=DEPENDENT * len(B))


def transcribe(
    objective: Objective,
    method: Method,
    start: Array,
    links: int,
    seeds: int | range,
    stream: str = "ractheory",
    frame: Array | None = None,
) -> Run:
    """Run `method` as `ractheory.engine.simulate.simulate` does, line by line as printed.

    Every projected and factored method, any objective with `flat_gap` and `flat_gradient`. With a
    `frame`, an orthogonal matrix, the drawn factors are rotated by it, as `ractheory.engine.spectral` does.
    """
    numbers = range(seeds) if isinstance(seeds, int) else seeds
    run = Run.begin(len(numbers), links, start, objective.dim)
    for row, seed in enumerate(numbers):
        draws = Draws(method, stream, seed, frame)
        link = Projected(objective, draws) if method.projected else Factored(objective, draws)
        with np.errstate(over="ignore", invalid="ignore"):
            _run_seed(objective, link, run, row)
    return run


def _run_seed(objective: Objective, link: Projected | Factored, run: Run, row: int) -> None:
    w = run.final[row].copy()
    for t in range(run.links + 1):
        g = objective.flat_gradient(w)
        run.gap[row, t] = objective.flat_gap(w)
        run.grad_sq[row, t] = g @ g
        run.final[row] = w
        if not run.gap[row, t] <= DIVERGED * (1.0 + run.gap[row, 0]):
            run.gap[row, t:] = run.grad_sq[row, t:] = run.step_sq[row, t:] = np.inf
            run.diverged_at[row] = t
            return
        if t < run.links:
            w, run.step_sq[row, t] = link.advance(t, w)


@dataclass(frozen=True)
class Projected:
    """Links that move W inside the range of the sketch."""

    objective: Objective
    draws: Draws

    def advance(self, t: int, w: Array) -> tuple[Array, float]:
        """Return W after link t, and |H G|^2 at its start."""
        objective, method = self.objective, self.draws.method
        drawn_at = self.draws.drawn_at(t)
        side = self.draws.side(drawn_at)
        H = self._projections(side, drawn_at)
        first = 0.0
        for inner in range(method.inner.steps):
            W, G = objective.split(w), objective.split(objective.flat_gradient(w))
            HG = [
                G_b @ H_b if side is Trains.RIGHT else H_b @ G_b
                for H_b, G_b in zip(H, G, strict=True)
            ]
            if inner == 0:
                first = float(sum(np.sum(X * X) for X in HG))
            if isinstance(method.inner, ExactLink):
                w = self._exact_link(side, H, w)
            else:
                gamma = method.step
                w = objective.flatten([W_b - gamma * X for W_b, X in zip(W, HG, strict=True)])
        return w, first

    def _projections(self, side: Trains, link: int) -> Blocks:
        dims = [n if side is Trains.RIGHT else m for m, n in self.objective.shapes]
        return [projection(self.draws.factor(link, b, d)) for b, d in enumerate(dims)]

    def _exact_link(self, side: Trains, H: Blocks, w: Array) -> Array:
        """Return the minimiser of a quadratic over w + range(P), P = H (x) I, nearest to w."""
        P = np.zeros((w.size, w.size))
        at = 0
        for H_b, (m, n) in zip(H, self.objective.shapes, strict=True):
            part = slice(at, at := at + m * n)
            P[part, part] = (
                np.kron(np.eye(m), H_b) if side is Trains.RIGHT else np.kron(H_b, np.eye(n))
            )
        K = self.hessian
        g = self.objective.flat_gradient(w)
        return w - P @ np.linalg.pinv(P @ K @ P, rcond=DEPENDENT * w.size, hermitian=True) @ (P @ g)

    @cached_property
    def hessian(self) -> Array:
        """The Hessian of a quadratic: its gradient is affine, so differences of it are exact."""
        f = self.objective
        at_zero = f.flat_gradient(np.zeros(f.dim))
        return np.array([f.flat_gradient(e) - at_zero for e in np.eye(f.dim)])


@dataclass
class Factored:
    """Links that train the factors; the state of one seed: base, factors, moments of AdamW."""

    objective: Objective
    draws: Draws
    base: Blocks = field(default_factory=list)
    A: Blocks = field(default_factory=list)
    B: Blocks = field(default_factory=list)
    side: Trains = Trains.BOTH
    moments: dict[tuple[str, int], tuple[Array, Array]] = field(default_factory=dict)
    count: int = 0

    def advance(self, t: int, w: Array) -> tuple[Array, float]:
        """Return W = base + s B A after link t, and the squared gradient norm at its start."""
        method = self.draws.method
        if t == 0 or self.draws.redrawn:
            self.merge_and_redraw(t, w)
        first = 0.0
        for inner in range(method.inner.steps):
            G = self.objective.split(self.objective.flat_gradient(w))
            slopes = self.slopes(G)
            if inner == 0:
                first = float(sum(np.sum(X * X) for X in slopes.values()))
            self.count += 1
            for (name, b), slope in slopes.items():
                factor = (self.A if name == "A" else self.B)[b]
                factor -= method.step * self._direction((name, b), factor, slope)
            s = method.scale
            w = self.objective.flatten(
                [W + s * (B @ A) for W, B, A in zip(self.base, self.B, self.A, strict=True)]
            )
        return w, first

    def merge_and_redraw(self, t: int, w: Array) -> None:
        method = self.draws.method
        self.side = self.draws.side(t)
        self.base = [W.copy() for W in self.objective.split(w)]
        self.A, self.B = [], []
        draws_A = method.gaussian_is_A if self.side is Trains.BOTH else self.side is Trains.RIGHT
        std = method.initial_std if method.law.name in ("gaussian", "haar", "frozen") else 1.0
        for b, (m, n) in enumerate(self.objective.shapes):
            drawn = std * self.draws.factor(t, b, n if draws_A else m)
            self.A.append(drawn.T if draws_A else np.zeros((method.rank, n)))
            self.B.append(np.zeros((m, method.rank)) if draws_A else drawn)
        if not isinstance(method.inner, AdamW) or method.inner.reset:
            self.moments, self.count = {}, 0

    def slopes(self, G: tuple[Array, ...]) -> dict[tuple[str, int], Array]:
        """Return the gradients s B^T G and s G A^T of the trained factors."""
        s, out = self.draws.method.scale, {}
        for b, G_b in enumerate(G):
            if self.side in (Trains.LEFT, Trains.BOTH):
                out["A", b] = s * (self.B[b].T @ G_b)
            if self.side in (Trains.RIGHT, Trains.BOTH):
                out["B", b] = s * (G_b @ self.A[b].T)
        return out

    def _direction(self, name: tuple[str, int], factor: Array, g: Array) -> Array:
        """Return the gradient, or the direction of a sign, heavy-ball or AdamW step.

        AdamW: Loshchilov and Hutter, 2019.
        """
        inner = self.draws.method.inner
        if isinstance(inner, Sign):
            return np.sign(g)
        if isinstance(inner, Momentum):
            velocity = inner.beta * self.moments.get(name, (np.zeros_like(g), g))[0] + g
            self.moments[name] = velocity, g
            return velocity
        if not isinstance(inner, AdamW):
            return g
        m, v = self.moments.get(name, (np.zeros_like(g), np.zeros_like(g)))
        m = inner.beta1 * m + (1 - inner.beta1) * g
        v = inner.beta2 * v + (1 - inner.beta2) * g**2
        self.moments[name] = m, v
        m_hat = m / (1 - inner.beta1**self.count)
        v_hat = v / (1 - inner.beta2**self.count)
        return m_hat / (np.sqrt(v_hat) + inner.epsilon) + inner.weight_decay * factor
