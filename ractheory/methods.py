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
| `rac-lora-...` | A or B | each link | the same, with another oracle (`ractheory.oracles`) |
| `fed-lora` | A and B | never | K gradient steps at each client, then A and B averaged separately |
| `rac-...` | A or B | each link | another inner solver (`ractheory.links`), merge, fresh frozen factor |
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ractheory.errors import UsageError
from ractheory.laws import LAWS, Gaussian, Haar, Law
from ractheory.links import (
    INNERS,
    Accelerated,
    AdamW,
    Adaptive,
    ExactLink,
    FactorSolver,
    Inner,
    Momentum,
    Plain,
    Polyak,
    PseudoInverse,
    Safeguarded,
    Sign,
    Subgradient,
    inner_solver,
)
from ractheory.method import Method, Precision, Shapes, Trains
from ractheory.oracles import (
    FULL_GRADIENT,
    MVR,
    PAGE,
    AdditiveNoise,
    LocalEpochs,
    MiniBatch,
    Oracle,
    Reshuffle,
    SeparateFactors,
)

SIDES = {"left": Trains.LEFT, "right": Trains.RIGHT, "bernoulli": Trains.BERNOULLI}


def _side(side: str) -> Trains:
    if side not in SIDES:
        raise UsageError.of("side", side, "left, right, or bernoulli", "choose one of these")
    return SIDES[side]


def fpft(step: float, oracle: Oracle = FULL_GRADIENT) -> Method:
    """Full-parameter fine-tuning: gradient descent on W."""
    return Method("fpft", step, Trains.FULL, oracle=oracle)


def rac_lora(
    step: float,
    rank: int = 1,
    side: str = "left",
    law: Law | None = None,
    inner: Inner | None = None,
    left_probability: float = 0.5,
    scale: float = 1.0,
    oracle: Oracle = FULL_GRADIENT,
) -> Method:
    """RAC-LoRA: a fresh sketch each link, one factor trained; arXiv 2410.08305.

    >>> rac_lora(0.1, rank=2).extremes(((8, 4),))
    (0.25, 0.25)
    """
    return Method(
        "rac-lora", step, _side(side), law or Haar(rank), True, inner or PseudoInverse(),
        scale=scale, left_probability=left_probability, oracle=oracle,
    )  # fmt: skip


def asymlora(
    step: float, rank: int = 1, side: str = "left", inner: Inner | None = None, scale: float = 1.0
) -> Method:
    """Asymmetric LoRA: one factor frozen at its draw for ever; Zhu et al. 2024."""
    if side not in ("left", "right"):
        raise UsageError.of("side", side, "left or right", "choose one of these")
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


def _variant(name: str, method: Method) -> Method:
    return replace(method, name=name)


def rac_lora_noise(step: float, variance: float = 1.0, **options: Any) -> Method:
    """RAC-LoRA with Gaussian noise of total variance `variance` on the gradient."""
    return _variant("rac-lora-noise", rac_lora(step, oracle=AdditiveNoise(variance), **options))


def rac_lora_sgd(step: float, batch: int = 1, replacement: bool = False, **options: Any) -> Method:
    """RAC-LoRA with mini-batch gradients."""
    oracle = MiniBatch(batch, replacement)
    return _variant("rac-lora-sgd", rac_lora(step, oracle=oracle, **options))


def rac_lora_rr(step: float, order: str = "random", **options: Any) -> Method:
    """RAC-LoRA with reshuffled epochs, one sketch an epoch; `order` as in `oracles.ORDERS`."""
    return _variant("rac-lora-rr", rac_lora(step, oracle=Reshuffle(order), **options))


def rac_lora_page(step: float, batch: int = 1, probability: float = 0.5, **options: Any) -> Method:
    """RAC-LoRA with the PAGE estimator (Bernoulli-LoRA-PAGE with side "bernoulli")."""
    oracle = PAGE(batch, probability)
    return _variant("rac-lora-page", rac_lora(step, oracle=oracle, **options))


def rac_lora_mvr(step: float, momentum: float = 0.1, batch: int = 1, **options: Any) -> Method:
    """RAC-LoRA with momentum variance reduction (Bernoulli-LoRA-MVR with side "bernoulli")."""
    oracle = MVR(momentum, batch)
    return _variant("rac-lora-mvr", rac_lora(step, oracle=oracle, **options))


def fed_rac_lora(
    step: float,
    clients: int = 2,
    participating: int | None = None,
    order: str = "random",
    **options: Any,
) -> Method:
    """Fed-RAC-LoRA: each round one shared sketch, a local epoch on each client, the average."""
    oracle = LocalEpochs(clients, participating, order)
    return _variant("fed-rac-lora", rac_lora(step, oracle=oracle, **options))


def fed_lora(
    step: float,
    clients: int = 2,
    inner_steps: int = 1,
    rank: int = 1,
    initial_std: float = 1.0,
    factors: Sequence[float] = (),
) -> Method:
    """Joint LoRA in a federation: `inner_steps` at each client, then A and B are averaged separately."""
    return Method(
        "fed-lora", step, Trains.BOTH, Gaussian(rank), False, Plain(inner_steps),
        initial_std=initial_std, oracle=SeparateFactors(clients, tuple(factors)),
    )  # fmt: skip


def rac_subgradient(step: float, **options: Any) -> Method:
    """RAC-LoRA on a nonsmooth function: projected subgradient links with a constant step."""
    return _variant("rac-subgradient", rac_lora(step, inner=Subgradient(), **options))


def rac_polyak(step: float, **options: Any) -> Method:
    """The same with `step` times Polyak's step (f - f*)/|g|^2."""
    return _variant("rac-polyak", rac_lora(step, inner=Polyak(), **options))


def rac_accelerated(step: float, **options: Any) -> Method:
    """Accelerated RAC-LoRA, isotropic sketches only."""
    return _variant("rac-accelerated", rac_lora(step, inner=Accelerated(), **options))


def rac_plain(step: float, inner_steps: int = 1, **options: Any) -> Method:
    """What a practitioner runs: `inner_steps` gradient steps on the factor, no pseudo-inverse."""
    options = {"law": Gaussian(options.get("rank", 1)), **options}
    return _variant("rac-plain", rac_lora(step, inner=Plain(inner_steps), **options))


def rac_sign(step: float, inner_steps: int = 1, **options: Any) -> Method:
    """Links of sign steps on the factor: Adam's first step."""
    options = {"law": Gaussian(options.get("rank", 1)), **options}
    return _variant("rac-sign", rac_lora(step, inner=Sign(inner_steps), **options))


def rac_momentum(step: float, inner_steps: int = 4, beta: float = 0.9, **options: Any) -> Method:
    """Links of heavy-ball steps on the factor."""
    options = {"law": Gaussian(options.get("rank", 1)), **options}
    return _variant("rac-momentum", rac_lora(step, inner=Momentum(inner_steps, beta), **options))


SOLVERS: dict[str, Callable[..., FactorSolver]] = {
    "plain": Plain,
    "momentum": Momentum,
    "sign": Sign,
    "adamw": AdamW,
}


def rac_safeguarded(
    step: float, solver: str = "plain", eta: float = 0.1, inner_steps: int = 5, **options: Any
) -> Method:
    """Links of any solver with step `eta`; one that ends above the exact step takes that instead."""
    if solver not in SOLVERS:
        raise UsageError.of("solver", solver, ", ".join(SOLVERS), "choose one of these")
    inner = Safeguarded(SOLVERS[solver](inner_steps), eta)
    options = {"law": Gaussian(options.get("rank", 1)), **options}
    return _variant("rac-safeguarded", rac_lora(step, inner=inner, **options))


def rac_merged(step: float, precision: str = "bfloat16", **options: Any) -> Method:
    """RAC-LoRA whose base weights are held in a format of fewer digits."""
    known = [p.value for p in Precision]
    if precision not in known:
        raise UsageError.of("precision", precision, ", ".join(known), "choose one of these")
    return replace(rac_lora(step, **options), name="rac-merged", precision=Precision(precision))


def lora_adaptive(
    step: float,
    L: float,
    rule: str = "proved",
    rank: int = 1,
    scale: float = 1.0,
    initial_std: float = 1.0,
    factors: Sequence[float] = (),
) -> Method:
    """LoRA with a step that follows the iterate (see `links.Adaptive`), times `step`."""
    inner = Adaptive(L, rule, tuple(factors))
    return _variant("lora-adaptive", lora(step, rank, scale, initial_std, inner=inner))


METHODS: dict[str, Callable[..., Method]] = {
    "fpft": fpft,
    "lora": lora,
    "asymlora": asymlora,
    "cola": cola,
    "rac-lora": rac_lora,
    "rac-plain": rac_plain,
    "rac-sign": rac_sign,
    "rac-momentum": rac_momentum,
    "rac-safeguarded": rac_safeguarded,
    "rac-accelerated": rac_accelerated,
    "rac-lora-noise": rac_lora_noise,
    "rac-lora-sgd": rac_lora_sgd,
    "rac-lora-rr": rac_lora_rr,
    "rac-lora-page": rac_lora_page,
    "rac-lora-mvr": rac_lora_mvr,
    "fed-rac-lora": fed_rac_lora,
    "rac-subgradient": rac_subgradient,
    "rac-polyak": rac_polyak,
    "rac-merged": rac_merged,
    "lora-adaptive": lora_adaptive,
}
"""The methods that the engine runs, by name."""

IN_PYTHON: dict[str, Callable[..., Method]] = {"fed-lora": fed_lora}
"""Those that plain Python runs (`ractheory.federation`): claims name them like the others."""


def factory(name: str) -> Callable[..., Method]:
    """Return what makes the method called `name`.

    >>> factory("fed-lora")(0.1).name
    'fed-lora'
    """
    known = METHODS | IN_PYTHON
    if name not in known:
        raise UsageError.of("method", name, ", ".join(known), "see 'ractheory list methods'")
    return known[name]


def parameters_of(name: str) -> tuple[str, ...]:
    """Return the names of all parameters of the method `name`, those that it hands on to rac-lora too.

    >>> parameters_of("fpft")
    ('step', 'oracle')
    >>> {"variance", "law", "side"} <= set(parameters_of("rac-lora-noise"))
    True
    """
    own = inspect.signature(factory(name)).parameters.values()
    names = [p.name for p in own if p.kind is not p.VAR_KEYWORD]
    if len(names) < len(own):
        names += [p for p in inspect.signature(rac_lora).parameters if p not in names]
    return tuple(names)


def standard(name: str, rank: int = 1) -> Method:
    """Return the method `name` with everything at its default, numbers that have none at one.

    >>> standard("rac-plain").law, standard("rac-lora-sgd").law
    (Gaussian(rank=1), Haar(rank=1))
    """
    own = inspect.signature(factory(name)).parameters.values()
    needed: dict[str, Any] = {
        p.name: 1.0 for p in own if p.default is p.empty and p.kind is not p.VAR_KEYWORD
    }
    if "rank" in parameters_of(name):
        needed["rank"] = rank
    return factory(name)(**needed)


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


__all__ = [
    "INNERS",
    "METHODS",
    "Accelerated",
    "AdamW",
    "Adaptive",
    "ExactLink",
    "Inner",
    "Method",
    "Momentum",
    "Plain",
    "Polyak",
    "Precision",
    "PseudoInverse",
    "Safeguarded",
    "Shapes",
    "Sign",
    "Subgradient",
    "Trains",
    "inner_solver",
    "parameters_of",
    "sketch_law",
    "standard",
]
