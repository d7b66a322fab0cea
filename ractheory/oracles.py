"""Oracles: where a link takes its gradient from, and the constants of its noise, computed.

| oracle | g at W |
| --- | --- |
| `FullGradient` | G |
| `AdditiveNoise` | G + xi, xi Gaussian with E|xi|^2 = variance, spread evenly over the entries |
| `MiniBatch` | mean of b of the N component gradients, drawn with or without replacement |
| `PAGE` | G with probability p, else the last g plus the mean change of b component gradients |
| `MVR` | batch mean at W plus (1 - momentum) times (last g minus the same batch's mean at the last W) |
| `Reshuffle` | no g: a link is an epoch of N component steps with one sketch, in a permuted order |
| `LocalEpochs` | as `Reshuffle` on each of M clients with one shared sketch, then the server averages |
| `SeparateFactors` | no g: a round of joint LoRA at each client; the server averages A and B separately |

Each oracle says what it grants to a theorem: `assumptions(objective)`. The constants are computed from the
objective in `ractheory.finite_sums`; `uniform` chooses between its two bounds of the dissimilarity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ractheory import assumptions as vocabulary
from ractheory.assumptions import ExpectedSmoothness, Heterogeneity
from ractheory.errors import UsageError, integer, real, reals, truth
from ractheory.finite_sums import dissimilarity, heterogeneity
from ractheory.objectives.base import Objective
from ractheory.objectives.federated import FederatedModel

ORDERS = ("random", "once", "incremental")
"""Fresh permutation each epoch; one permutation for ever; the order in which the data are given."""


@dataclass(frozen=True)
class FullGradient:
    """The exact gradient of f."""

    name: ClassVar[str] = "full"

    def validate(self, objective: Objective) -> None:
        """Every objective has one."""

    def assumptions(self, objective: Objective) -> tuple[object, ...]:
        return vocabulary.UnbiasedGradient(), ExpectedSmoothness(0.0, 1.0, 0.0)


@dataclass(frozen=True)
class AdditiveNoise:
    """g = G + xi, xi Gaussian and isotropic with E|xi|^2 = variance over all entries together.

    >>> AdditiveNoise(0.5).expected_smoothness()
    ExpectedSmoothness(A=0.0, B=1.0, C=0.5)
    """

    variance: float
    name: ClassVar[str] = "noise"

    def __post_init__(self) -> None:
        real("variance of the noise", self.variance, 0.0)

    def validate(self, objective: Objective) -> None:
        """Every objective can be disturbed."""

    def expected_smoothness(self) -> ExpectedSmoothness:
        """Return (0, 1, variance): an equality, since the noise has mean zero."""
        return ExpectedSmoothness(0.0, 1.0, self.variance)

    def assumptions(self, objective: Objective) -> tuple[object, ...]:
        return vocabulary.UnbiasedGradient(), self.expected_smoothness()


@dataclass(frozen=True)
class MiniBatch:
    """The mean of `batch` component gradients, drawn uniformly with or without replacement.

    >>> MiniBatch(1).variance_factor(8), MiniBatch(8).variance_factor(8)
    (1.0, 0.0)
    """

    batch: int
    replacement: bool = False
    uniform: bool | None = None
    name: ClassVar[str] = "mini-batch"

    def __post_init__(self) -> None:
        integer("batch", self.batch, 1)
        truth("replacement", self.replacement)
        _bound_known(self.uniform)

    def validate(self, objective: Objective) -> None:
        """Raise UsageError when the batch is larger than the sum, without replacement."""
        _batch_fits(self.batch, None if self.replacement else objective.components)

    def variance_factor(self, components: int) -> float:
        """Return v with Var g = v sigma^2."""
        b, N = self.batch, components
        if self.replacement:
            return 1.0 / b
        return (N - b) / (b * (N - 1)) if N > 1 else 0.0

    def expected_smoothness(self, objective: Objective) -> ExpectedSmoothness:
        """Return (v A, 1 - v, v C) from the dissimilarity of smooth components, (0, 1, v C) from a uniform one."""
        v = self.variance_factor(objective.components)
        if v == 0.0:
            return ExpectedSmoothness(0.0, 1.0, 0.0)
        bound = dissimilarity(objective, self.uniform)
        return ExpectedSmoothness(v * bound.A, 1.0 - v if bound.A > 0 else 1.0, v * bound.C)

    def assumptions(self, objective: Objective) -> tuple[object, ...]:
        return vocabulary.UnbiasedGradient(), self.expected_smoothness(objective)


def _batch_fits(batch: int, components: int | None) -> None:
    integer("batch", batch, 1, components, "draw at most all components, or with replacement")


@dataclass(frozen=True)
class PAGE:
    """The probabilistic gradient estimator of Li, Bao, Zhang, Richtarik, 2021. The first g is G.

    Not unbiased given the past: no row that asks for an unbiased gradient applies.
    """

    batch: int
    probability: float
    name: ClassVar[str] = "page"

    def __post_init__(self) -> None:
        integer("batch", self.batch, 1)
        real("probability of a full gradient", self.probability, 0.0, 1.0, open_low=True)

    def validate(self, objective: Objective) -> None:
        """Raise UsageError when the batch is larger than the sum."""
        _batch_fits(self.batch, objective.components)

    def assumptions(self, objective: Objective) -> tuple[object, ...]:
        return ()


@dataclass(frozen=True)
class MVR:
    """Momentum variance reduction (STORM), Cutkosky and Orabona, 2019. The first g is a batch mean.

    momentum 1 is the mini-batch oracle; not unbiased given the past otherwise.
    """

    momentum: float
    batch: int = 1
    name: ClassVar[str] = "mvr"

    def __post_init__(self) -> None:
        integer("batch", self.batch, 1)
        real("momentum", self.momentum, 0.0, 1.0, open_low=True)

    def validate(self, objective: Objective) -> None:
        """Raise UsageError when the batch is larger than the sum."""
        _batch_fits(self.batch, objective.components)

    def assumptions(self, objective: Objective) -> tuple[object, ...]:
        if self.momentum == 1.0:
            return MiniBatch(self.batch).assumptions(objective)
        return ()


@dataclass(frozen=True)
class Reshuffle:
    """A link is an epoch: N component steps with one sketch, every component once.

    The permutation is drawn independently of the sketch. Only mode "random" draws a fresh one each
    epoch, which is what the theorems assume.
    """

    mode: str = "random"
    uniform: bool | None = None
    name: ClassVar[str] = "reshuffle"

    def __post_init__(self) -> None:
        _known_order(self.mode)
        _bound_known(self.uniform)

    def validate(self, objective: Objective) -> None:
        """Every finite sum has epochs."""

    def assumptions(self, objective: Objective) -> tuple[object, ...]:
        fresh = (vocabulary.FreshPermutation(),) if self.mode == "random" else ()
        return *fresh, dissimilarity(objective, self.uniform)


@dataclass(frozen=True)
class LocalEpochs:
    """A link is a round of Fed-RAC-LoRA: an epoch on each client with one sketch, then the average.

    The objective's components are those of `clients` clients one after the other, equally many each.
    `participating` of them, drawn uniformly each round, take part; all unless given.
    """

    clients: int
    participating: int | None = None
    mode: str = "random"
    uniform: bool | None = None
    name: ClassVar[str] = "local-epochs"

    def __post_init__(self) -> None:
        integer("clients", self.clients, 1)
        if self.participating is not None:
            integer("participating clients", self.participating, 1, self.clients)
        _known_order(self.mode)
        _bound_known(self.uniform)

    @property
    def takes_part(self) -> int:
        return self.participating or self.clients

    def validate(self, objective: Objective) -> None:
        """Raise UsageError unless the components are those of so many clients."""
        if isinstance(objective, FederatedModel) and objective.clients != self.clients:
            raise UsageError.of(
                "clients", self.clients, f"{objective.clients}, those of {objective.name}",
                "give both the same number",
            )  # fmt: skip
        if objective.components % self.clients:
            raise UsageError.of(
                "components", objective.components, f"a multiple of {self.clients} clients",
                "give every client equally many",
            )  # fmt: skip

    def assumptions(self, objective: Objective) -> tuple[object, ...]:
        self.validate(objective)
        granted: list[object] = [vocabulary.SharedSketch()]
        if self.mode == "random":
            granted.append(vocabulary.FreshPermutation())
        if self.takes_part == self.clients:
            granted.append(vocabulary.EqualClients())
        components = objective.components // self.clients
        granted.append(dissimilarity(objective, self.uniform, components))
        zeta = heterogeneity(objective, self.clients)
        if zeta is not None:
            granted.append(Heterogeneity(zeta, self.clients))
        return tuple(granted)


@dataclass(frozen=True)
class SeparateFactors:
    """A round of joint LoRA in a federation: full gradient steps on both factors at each client.

    The server averages the factors A and B separately. The objective's components are those of `clients`
    clients one after the other, equally many each. `factors` are the server's first A and B, flat, A before B;
    drawn, and zero, unless given. No kernel runs it, but `ractheory.federation` does.
    """

    clients: int
    factors: tuple[float, ...] = ()
    name: ClassVar[str] = "separate-factors"

    def __post_init__(self) -> None:
        integer("clients", self.clients, 1)
        object.__setattr__(self, "factors", reals("factor", self.factors))

    def validate(self, objective: Objective) -> None:
        """Raise UsageError: the compiled engine has no such rounds."""
        raise UsageError.of(
            "oracle", self.name, "one that the compiled engine runs",
            "use ractheory.federation.simulate_rounds, as claims do",
        )  # fmt: skip

    def assumptions(self, objective: Objective) -> tuple[object, ...]:
        return vocabulary.EqualClients(), vocabulary.SeparateAverages()


def _bound_known(uniform: bool | None) -> None:
    if uniform is not None:
        truth("uniform", uniform)


def _known_order(mode: str) -> None:
    if mode not in ORDERS:
        raise UsageError.of("order of an epoch", mode, ", ".join(ORDERS), "choose one of these")


Oracle = (
    FullGradient
    | AdditiveNoise
    | MiniBatch
    | PAGE
    | MVR
    | Reshuffle
    | LocalEpochs
    | SeparateFactors
)

FULL_GRADIENT = FullGradient()
"""The oracle of a method that names no other."""

ORACLES: dict[str, type] = {
    oracle.name: oracle
    for oracle in (
        FullGradient,
        AdditiveNoise,
        MiniBatch,
        PAGE,
        MVR,
        Reshuffle,
        LocalEpochs,
        SeparateFactors,
    )
}
