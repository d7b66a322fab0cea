"""Inner solvers: what one link of a chain does with the factor that it trains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ractheory.errors import UsageError, integer, real, reals, truth


@dataclass(frozen=True)
class PseudoInverse:
    """`steps` projected gradient steps W - gamma H G with one sketch: A = -eta (B^T B)^+ B^T G."""

    steps: int = 1

    def __post_init__(self) -> None:
        integer("inner steps", self.steps, 1)


@dataclass(frozen=True)
class ExactLink:
    """Exact minimisation over the trained factor (quadratics)."""

    steps: int = 1

    def __post_init__(self) -> None:
        integer("inner steps", self.steps, 1)


@dataclass(frozen=True)
class Plain:
    """`steps` plain gradient steps on the trained factor(s)."""

    steps: int = 1

    def __post_init__(self) -> None:
        integer("inner steps", self.steps, 1)


@dataclass(frozen=True)
class Momentum:
    """`steps` heavy-ball steps on the trained factor(s): v = beta v + gradient, factor -= eta v.

    The velocity starts from zero after every merge.
    """

    steps: int = 1
    beta: float = 0.9

    def __post_init__(self) -> None:
        integer("inner steps", self.steps, 1)
        real("beta", self.beta, 0.0, 1.0, open_high=True)


@dataclass(frozen=True)
class Sign:
    """`steps` sign steps on the trained factor(s), factor -= eta sign(gradient): Adam's first step."""

    steps: int = 1

    def __post_init__(self) -> None:
        integer("inner steps", self.steps, 1)


@dataclass(frozen=True)
class AdamW:
    """`steps` AdamW steps on the trained factor(s); `reset` forgets the moments at every merge."""

    steps: int = 1
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    reset: bool = True

    def __post_init__(self) -> None:
        integer("inner steps", self.steps, 1)
        real("beta1", self.beta1, 0.0, 1.0, open_high=True)
        real("beta2", self.beta2, 0.0, 1.0, open_high=True)
        real("epsilon", self.epsilon, 0.0, open_low=True)
        real("weight decay", self.weight_decay, 0.0)
        truth("reset", self.reset)


FactorSolver = Plain | Momentum | Sign | AdamW
"""Solvers that step on the factors themselves."""


@dataclass(frozen=True)
class Safeguarded:
    """`solver` with step `eta` on the factor; a link that ends above f(W - gamma H G) takes that step.

    So every link is certified: f(W_{t+1}) <= f(W_t - gamma H_t G_t). The solver starts every link afresh.
    """

    solver: FactorSolver
    eta: float

    def __post_init__(self) -> None:
        if not isinstance(self.solver, FactorSolver):
            raise UsageError.of(
                "solver",
                self.solver,
                "plain, momentum, sign, or AdamW steps",
                "choose one of these",
            )
        real("step of the solver", self.eta, 0.0, open_low=True)

    @property
    def steps(self) -> int:
        return self.solver.steps


@dataclass(frozen=True)
class Accelerated:
    """Links of accelerated RAC-LoRA, for an isotropic sketch; one step each.

    y = (1 - tau) x + tau z, x+ = y - gamma H G(y), z+ = z - b H G(y), z_0 = x_0, A_0 = 0,
    b = gamma (rho + sqrt(rho^2 + 4 A/gamma))/2, A+ = A + rho b, tau = rho b/A+.
    """

    steps: int = 1

    def __post_init__(self) -> None:
        _one_step(self.steps)


@dataclass(frozen=True)
class Subgradient:
    """W - gamma H g with g a subgradient; the mean of the iterates is recorded."""

    steps: int = 1

    def __post_init__(self) -> None:
        _one_step(self.steps)


@dataclass(frozen=True)
class Polyak:
    """W - gamma_t H g with gamma_t = step (f(W_t) - f*)/|g|^2, g the whole subgradient."""

    steps: int = 1

    def __post_init__(self) -> None:
        _one_step(self.steps)


def _one_step(steps: int) -> None:
    integer("inner steps", steps, 1, 1, "such a link is one step")


RULES = ("proved", "printed")


@dataclass(frozen=True)
class Adaptive:
    """Gradient steps on both factors whose step follows the iterate, one a link.

    Rule "proved": eta = 1/(L s^2 |V|^2 + s |G|), V = [B; A^T]. Rule "printed", as summarised from
    arXiv 2512.18248: eta = min(1, 1/(4 sqrt 2 L (|V|^2 + |G|))). The method's step multiplies eta.
    `factors` are the first A and B of each block, flat, A before B; drawn unless given.
    """

    L: float
    rule: str = "proved"
    factors: tuple[float, ...] = ()
    steps: int = 1

    def __post_init__(self) -> None:
        real("L", self.L, 0.0, open_low=True)
        if self.rule not in RULES:
            raise UsageError.of("rule", self.rule, ", ".join(RULES), "choose one of these")
        _one_step(self.steps)
        object.__setattr__(self, "factors", reals("factor", self.factors))


Inner = (
    PseudoInverse
    | ExactLink
    | Plain
    | Momentum
    | Sign
    | AdamW
    | Safeguarded
    | Accelerated
    | Subgradient
    | Polyak
    | Adaptive
)

INNERS: dict[str, type[Any]] = {
    "pseudo-inverse": PseudoInverse,
    "exact": ExactLink,
    "plain": Plain,
    "momentum": Momentum,
    "sign": Sign,
    "adamw": AdamW,
}
"""Inner solvers whose one required number is how many steps they make a link."""


def inner_solver(name: str, steps: int = 1) -> Inner:
    """Return the inner solver called `name`, with so many steps a link.

    >>> inner_solver("plain", 3)
    Plain(steps=3)
    """
    if name not in INNERS:
        raise UsageError.of("inner solver", name, ", ".join(INNERS), "choose one of these")
    inner: Inner = INNERS[name](steps)
    return inner
