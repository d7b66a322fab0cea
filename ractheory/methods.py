"""The LoRA family as one composition.

A method is: which factors are trained, whether the chain redraws its frozen factor after each merge,
from which law, and how one link is solved. The named methods of the papers are a few lines each.

| method | trained | redraw | link |
| --- | --- | --- | --- |
| `fpft` | W itself | - | one gradient step |
| `lora` | A and B | never | gradient steps on both factors |
| `asymlora` | A or B | never | gradient steps on one factor, the other frozen at its draw |
| `cola` | A and B | each link | K gradient steps on both, merge, fresh pair |
| `rac-lora` | A or B | each link | pseudo-inverse step(s) on one factor, merge, fresh frozen factor |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from ractheory.assumptions import (
    FreshSketch,
    FrozenFactor,
    IndependentFactor,
    IsotropicLaw,
    PositiveExpectedProjection,
    ProjectedStep,
    RankConstrained,
)
from ractheory.errors import UsageError, integer, real
from ractheory.laws import LAWS, Frozen, Gaussian, Haar, Identity, Law, bernoulli_mean_extremes

Shapes = tuple[tuple[int, int], ...]


class Trains(StrEnum):
    """What a link trains; with one factor trained, the other is the sketch."""

    FULL = "full"
    LEFT = "left"
    """A is trained, B (m x r) is drawn: H acts on the left."""
    RIGHT = "right"
    """B is trained, A (r x n) is drawn: H acts on the right."""
    BERNOULLI = "bernoulli"
    """Left with probability p at each link, right otherwise."""
    BOTH = "both"
    """Both factors are trained."""


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


@dataclass(frozen=True)
class Plain:
    """`steps` plain gradient steps on the trained factor(s)."""

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
        real("weight decay", self.weight_decay, 0.0)


Inner = PseudoInverse | ExactLink | Plain | AdamW

INNERS: dict[str, type[Inner]] = {
    "pseudo-inverse": PseudoInverse,
    "exact": ExactLink,
    "plain": Plain,
    "adamw": AdamW,
}


def inner_solver(name: str, steps: int = 1) -> Inner:
    """Return the inner solver called `name`, with so many steps a link.

    >>> inner_solver("plain", 3)
    Plain(steps=3)
    """
    if name not in INNERS:
        raise UsageError.of("inner solver", name, ", ".join(INNERS), "choose one of these")
    return INNERS[name](steps)


ONE_STEP = PseudoInverse()
FULL_LAW = Identity()
"""The law of a method without a sketch."""


@dataclass(frozen=True)
class Method:
    """One member of the family.

    Attributes
    ----------
    name : the word used on the command line and in result files
    step : gamma, the step on W, where the link is a pseudo-inverse step (and for `fpft`); otherwise
        eta, the step on the trained factor
    trains, redraw, inner : the composition
    law : law of the drawn factor; N(0, 1) entries where both factors are trained
    scale : s = alpha / r
    initial_std : standard deviation of the Gaussian entries of a drawn factor (Gaussian law only)
    gaussian_is_A : with both factors trained, whether A is the Gaussian one and B zero
    left_probability : p of the Bernoulli side
    """

    name: str
    step: float
    trains: Trains
    law: Law = FULL_LAW
    redraw: bool = True
    inner: Inner = ONE_STEP
    scale: float = 1.0
    initial_std: float = 1.0
    gaussian_is_A: bool = True
    left_probability: float = 0.5

    def __post_init__(self) -> None:
        real("step", self.step, 0.0, open_low=True, mend="give a positive finite step")
        real("scale alpha/r", self.scale, 0.0, open_low=True)
        real("initial standard deviation", self.initial_std, 0.0, open_low=True)
        real("left probability", self.left_probability, 0.0, 1.0)

    @property
    def rank(self) -> int:
        return self.law.rank

    @property
    def projected(self) -> bool:
        """Whether every link moves W inside the range of an orthogonal projection."""
        return self.trains is not Trains.BOTH and isinstance(self.inner, PseudoInverse | ExactLink)

    def sketched(self, shape: tuple[int, int]) -> tuple[int, ...]:
        """Return the dimensions that the sketch of a block acts on."""
        m, n = shape
        match self.trains:
            case Trains.LEFT | Trains.FULL:
                return (m,)
            case Trains.RIGHT:
                return (n,)
            case _:
                return (m, n)

    def validate(self, shapes: Shapes) -> None:
        """Raise UsageError unless the method exists on blocks of these shapes."""
        for shape in shapes:
            for d in self.sketched(shape):
                self.law.validate(d)

    def extremes(self, shapes: Shapes) -> tuple[float, float]:
        """Return (lam_min, lam_max) of E[H] over the blocks, H frozen where nothing is redrawn."""
        if self.trains is Trains.FULL:
            return 1.0, 1.0
        law = self.law if self.redraw else Frozen(self.rank)
        pairs = [self._block_extremes(law, shape) for shape in shapes]
        return min(low for low, _ in pairs), max(high for _, high in pairs)

    def _block_extremes(self, law: Law, shape: tuple[int, int]) -> tuple[float, float]:
        if self.trains is Trains.BERNOULLI:
            left, right = law.extremes(shape[0]), law.extremes(shape[1])
            return bernoulli_mean_extremes(self.left_probability, left, right)
        return law.extremes(self.sketched(shape)[0])

    def assumptions(self, shapes: Shapes) -> tuple[object, ...]:
        """Return what the method itself grants to a theorem."""
        granted: list[object] = []
        if self.projected and isinstance(self.inner, PseudoInverse) and self.inner.steps == 1:
            granted.append(ProjectedStep())
        if self.trains is not Trains.BOTH and (self.redraw or self.trains is Trains.FULL):
            granted.append(FreshSketch())
            low, high = self.extremes(shapes)
            if low > 0.0:
                granted.append(PositiveExpectedProjection(low, high))
        if not self.redraw:
            granted.append(RankConstrained())
            if self.trains is not Trains.BOTH:
                granted += [FrozenFactor(), IndependentFactor()]
        rho = self.isotropy(shapes)
        if rho is not None:
            granted.append(IsotropicLaw(rho))
        return tuple(granted)

    def isotropy(self, shapes: Shapes) -> float | None:
        """Return rho where one draw of the sketch has E[H] = rho I on every block, else None."""
        if self.trains is Trains.BOTH:
            return None
        low, high = replace(self, redraw=True).extremes(shapes)
        return low if low == high else None


def fpft(step: float) -> Method:
    """Full-parameter fine-tuning: gradient descent on W."""
    return Method("fpft", step, Trains.FULL)


def rac_lora(
    step: float,
    rank: int = 1,
    side: str = "left",
    law: Law | None = None,
    inner: Inner | None = None,
    left_probability: float = 0.5,
    scale: float = 1.0,
) -> Method:
    """RAC-LoRA: a fresh sketch each link, one factor trained; arXiv 2410.08305.

    >>> rac_lora(0.1, rank=2).extremes(((8, 4),))
    (0.25, 0.25)
    """
    trains = {"left": Trains.LEFT, "right": Trains.RIGHT, "bernoulli": Trains.BERNOULLI}.get(side)
    if trains is None:
        raise UsageError.of("side", side, "left, right, or bernoulli", "choose one of these")
    return Method(
        "rac-lora", step, trains, law or Haar(rank), True, inner or PseudoInverse(),
        scale=scale, left_probability=left_probability,
    )  # fmt: skip


def asymlora(
    step: float, rank: int = 1, side: str = "left", inner: Inner | None = None, scale: float = 1.0
) -> Method:
    """Asymmetric LoRA: one factor frozen at its draw for ever; Zhu et al. 2024."""
    trains = Trains.LEFT if side == "left" else Trains.RIGHT
    return Method("asymlora", step, trains, Gaussian(rank), False, inner or Plain(), scale=scale)


def lora(
    step: float,
    rank: int = 1,
    scale: float = 1.0,
    initial_std: float = 1.0,
    gaussian_is_A: bool = True,
    inner: Inner | None = None,
) -> Method:
    """LoRA: gradient steps on both factors, never merged; Hu et al. 2021."""
    return Method(
        "lora", step, Trains.BOTH, Gaussian(rank), False, inner or Plain(),
        scale, initial_std, gaussian_is_A,
    )  # fmt: skip


def cola(
    step: float,
    rank: int = 1,
    inner_steps: int = 1,
    scale: float = 1.0,
    initial_std: float = 1.0,
    gaussian_is_A: bool = True,
) -> Method:
    """Chain of LoRA: `inner_steps` of LoRA, merge, a fresh pair; Xia et al. 2024."""
    return Method(
        "cola", step, Trains.BOTH, Gaussian(rank), True, Plain(inner_steps),
        scale, initial_std, gaussian_is_A,
    )  # fmt: skip


METHODS: dict[str, Callable[..., Method]] = {
    "fpft": fpft,
    "lora": lora,
    "asymlora": asymlora,
    "cola": cola,
    "rac-lora": rac_lora,
}


def sketch_law(name: str, rank: int) -> Law:
    """Return the law called `name` with the given rank; importance needs probabilities of its own.

    >>> sketch_law("haar", 2)
    Haar(rank=2)
    """
    if name not in LAWS or name in ("importance", "identity"):
        allowed = ", ".join(sorted(set(LAWS) - {"importance", "identity"}))
        raise UsageError.of("sketch", name, allowed, "choose one of these")
    law: Law = LAWS[name](rank)
    return law
