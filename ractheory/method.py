"""One member of the LoRA family: the composition that `ractheory.methods` names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from ractheory import assumptions as vocabulary
from ractheory.errors import UsageError, real, truth
from ractheory.laws import Frozen, Identity, Law, bernoulli_mean_extremes
from ractheory.links import (
    RULES,
    Accelerated,
    Adaptive,
    ExactLink,
    Inner,
    Plain,
    Polyak,
    PseudoInverse,
    Safeguarded,
    Sign,
    Subgradient,
)
from ractheory.objectives.base import Objective
from ractheory.oracles import FULL_GRADIENT, FullGradient, Oracle, SeparateFactors

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


class Precision(StrEnum):
    """Format in which a chain holds its base weights: rounded to nearest after every merge."""

    FLOAT64 = "float64"
    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"

    @property
    def digits(self) -> int:
        """Binary digits of the significand, the leading one among them."""
        return {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}[self.value]

    @property
    def smallest_exponent(self) -> int:
        """e of the smallest positive number 2^e of the format (a subnormal one)."""
        return {"float64": -1074, "float32": -149, "float16": -24, "bfloat16": -133}[self.value]

    @property
    def unit_roundoff(self) -> float:
        """u with |fl(x) - x| <= u |x| in the range of normal numbers.

        >>> Precision("bfloat16").unit_roundoff
        0.00390625
        """
        return float(2.0**-self.digits)


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
    oracle : where a projected link takes its gradient from
    precision : format of the base weights, which every merge rounds to

    Raises
    ------
    UsageError : a number out of its range, or a composition that the engine does not run
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
    oracle: Oracle = FULL_GRADIENT
    precision: Precision = Precision.FLOAT64

    def __post_init__(self) -> None:
        self._check_composition()
        real("step", self.step, 0.0, open_low=True, mend="give a positive finite step")
        real("scale alpha/r", self.scale, 0.0, open_low=True)
        real("initial standard deviation", self.initial_std, 0.0, open_low=True)
        real("left probability", self.left_probability, 0.0, 1.0)
        truth("gaussian_is_A", self.gaussian_is_A)

    def _check_composition(self) -> None:
        one_step = self.projected and self.inner == ONE_STEP
        joint = self.trains is Trains.BOTH and not self.redraw and isinstance(self.inner, Plain)
        rounds = isinstance(self.oracle, SeparateFactors)
        if not (self.full_gradient or (joint if rounds else one_step)):
            raise UsageError.of(
                "oracle", self.oracle.name, "the full gradient for this link",
                "use one pseudo-inverse step a link, on one factor or on W",
            )  # fmt: skip
        if self.precision != Precision.FLOAT64 and not (one_step and self.full_gradient):
            raise UsageError.of(
                "precision", self.precision, "float64 for this link",
                "use one pseudo-inverse step a link with full gradients",
            )  # fmt: skip
        if isinstance(self.inner, Adaptive) and (self.trains is not Trains.BOTH or self.redraw):
            raise UsageError.of("trained factors", self.trains, "both, never redrawn", "use lora")
        factor_only = isinstance(self.inner, Safeguarded)
        sketched = self.trains in (Trains.LEFT, Trains.RIGHT, Trains.BERNOULLI)
        if factor_only and not (sketched and self.redraw):
            raise UsageError.of(
                "trained factors", self.trains, "one, the other redrawn", "safeguard rac-lora"
            )
        whole = isinstance(self.inner, Accelerated | Subgradient | Polyak)
        if whole and self.trains is Trains.BOTH:
            raise UsageError.of("trained factors", self.trains, "one", "choose a side")

    @property
    def rank(self) -> int:
        return self.law.rank

    @property
    def full_gradient(self) -> bool:
        """Whether every step uses the exact gradient of f."""
        return isinstance(self.oracle, FullGradient)

    @property
    def projected(self) -> bool:
        """Whether `step` is gamma, the step on W, every link moving inside the range of a projection."""
        kinds = PseudoInverse | ExactLink | Safeguarded | Accelerated | Subgradient | Polyak
        return self.trains is not Trains.BOTH and isinstance(self.inner, kinds)

    @property
    def basic(self) -> bool:
        """Whether the kernels of `ractheory.engine.simulate` run it, with nothing added."""
        kinds = Safeguarded | Accelerated | Subgradient | Polyak | Adaptive
        added = isinstance(self.inner, kinds) or self.precision != Precision.FLOAT64
        return self.full_gradient and not added

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
        if isinstance(self.inner, Accelerated) and self.isotropy(shapes) is None:
            raise UsageError.of(
                "sketch of accelerated links", self.law.name, "one with E[H] = rho I on every block",
                "use the haar or the coordinates law, and one block",
            )  # fmt: skip

    def isotropy(self, shapes: Shapes) -> float | None:
        """Return rho where one draw of the sketch has E[H] = rho I on every block, else None.

        >>> from ractheory.laws import Haar
        >>> Method("rac-lora", 0.1, Trains.LEFT, Haar(2)).isotropy(((8, 3),))
        0.25
        """
        if self.trains is Trains.BOTH:
            return None
        low, high = replace(self, redraw=True).extremes(shapes)
        return low if low == high else None

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
        """Return what the method itself grants to a theorem; the oracle grants more, on an objective."""
        granted: list[object] = [*_step_grants(self), *_law_grants(self)]
        if self.trains is not Trains.BOTH and (self.redraw or self.trains is Trains.FULL):
            granted.append(vocabulary.FreshSketch())
            low, high = self.extremes(shapes)
            if low > 0.0:
                granted.append(vocabulary.PositiveExpectedProjection(low, high))
        if not self.redraw:
            granted.append(vocabulary.RankConstrained())
            if self.trains is not Trains.BOTH:
                granted += [vocabulary.FrozenFactor(), vocabulary.IndependentFactor()]
        rho = self.isotropy(shapes)
        if rho is not None:
            granted.append(vocabulary.IsotropicLaw(rho))
        return tuple(granted)

    def grants(self, objective: Objective) -> tuple[object, ...]:
        """Return what method and oracle grant to a theorem on this objective."""
        return *self.assumptions(objective.shapes), *self.oracle.assumptions(objective)


def _law_grants(method: Method) -> list[object]:
    """What is known of the drawn factor of each link; of one whose side is drawn too, neither law nor size."""
    if method.trains is Trains.BERNOULLI:
        return [vocabulary.BernoulliSide(method.left_probability)]
    granted: list[object] = []
    if method.trains is Trains.FULL or not method.redraw:
        return granted
    if method.law.name in ("haar", "gaussian"):
        if method.trains is not Trains.BOTH:
            granted.append(vocabulary.HaarLaw())
        if method.initial_std == 1.0:
            granted.append(vocabulary.GaussianFactor())
    if method.law.name == "coordinates":
        granted.append(vocabulary.CoordinateLaw())
    return granted


def _step_grants(method: Method) -> list[object]:
    """What is known of how a link moves W."""
    inner, one_factor = method.inner, method.trains is not Trains.BOTH
    granted: list[object] = []
    exact = method.full_gradient and method.precision == Precision.FLOAT64
    if method.precision != Precision.FLOAT64:
        return [vocabulary.RoundedMerges(method.precision.unit_roundoff)]
    if method.redraw and method.trains is not Trains.FULL and not isinstance(inner, Accelerated):
        granted.append(vocabulary.LowRankLinks())
    match inner:
        case PseudoInverse() if one_factor:
            if exact:
                granted.append(vocabulary.CertifiedLinks())
            if inner.steps == 1:
                granted.append(vocabulary.ProjectedEstimate())
                granted += [vocabulary.ProjectedStep()] if exact else []
        case ExactLink():
            granted.append(vocabulary.ExactMinimisation())
        case Safeguarded():
            granted.append(vocabulary.CertifiedLinks())
        case Subgradient():
            granted += [vocabulary.ProjectedEstimate(), vocabulary.SubgradientStep()]
        case Polyak() if method.step == 1.0:
            granted.append(vocabulary.PolyakStep())
        case Accelerated():
            granted.append(vocabulary.AcceleratedLinks())
        case Sign() if inner.steps == 1 and one_factor:
            granted.append(vocabulary.SignLinks())
        case Plain() if inner.steps == 1 and one_factor:
            granted.append(vocabulary.PlainStep())
        case Plain() if not one_factor and method.redraw and method.gaussian_is_A:
            granted.append(vocabulary.JointSteps())
        case Adaptive() if inner.rule == RULES[0] and method.step == 1.0:
            granted.append(vocabulary.AdaptiveStep())
    return granted
