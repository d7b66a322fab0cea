"""LoRA-Guard on a small language model: the dual path, parameters, an adapted last layer, and deeper ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import ceil, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ractheory.compare.decision import Decision, exact_decision
from ractheory.compare.facts import facts_of
from ractheory.engine.simulate import simulate
from ractheory.errors import integer, truth
from ractheory.evidence import Evidence, Verdict, round_off
from ractheory.experiments.decisions import all_of, median_interval
from ractheory.experiments.family import Asked, Outcome
from ractheory.guard import training
from ractheory.guard.adapters import ADAPTED, Guarded, generate, guard_of
from ractheory.guard.frozen import bits_per_character, frozen, trained_numbers
from ractheory.guard.shapes import SHAPES, shape
from ractheory.guard.text import KINDS, Snippets, snippets
from ractheory.guard.transformer import Weights, features, logits
from ractheory.laws import Gaussian
from ractheory.methods import asymlora, fpft, rac_lora
from ractheory.objectives import objective
from ractheory.objectives.base import Constants, Objective
from ractheory.objectives.guard import FEATURE_SEED
from ractheory.objectives.linear_model import LinearModel
from ractheory.objectives.losses import Softmax
from ractheory.sketches import factor
from ractheory.theorems import evaluate, theorem
from ractheory.theorems.symbols import gap

Array = NDArray[np.float64]

# Generation beside the guard.

PROMPTS, CHARACTERS, RANK = 4, 48, 4


def _dual_path(asked: Asked) -> Outcome:
    """All characters and logits with the guard installed are, bit for bit, those of the frozen model."""
    given, w = asked.parameters, frozen()
    guard = guard_of(str(given.get("content", "random")), RANK, len(w["q"]))
    watched = Guarded(w, guard, str(given.get("path", "apart")))
    prompt = snippets(PROMPTS, 0, held_out=True).tokens
    before = {name: value.tobytes() for name, value in w.items()}
    with np.errstate(all="ignore"):
        plain = generate(lambda tokens: logits(w, tokens), prompt, CHARACTERS, 0)
        other = generate(watched.logits, prompt, CHARACTERS, 0, watched.scores)
    differ = int(np.sum(plain[0] != other[0]) + np.sum(_bits(plain[1]) != _bits(other[1])))
    differ += sum(before[name] != value.tobytes() for name, value in w.items())
    detail = f"characters, logits and weights that differ in a bit, of {plain[0].size} characters"
    detail += f" and {plain[1].size} logits; the guard reads before each character"
    settings = {**given, "model": trained_numbers(w), "bits_per_character": bits_per_character(w)}
    decision = exact_decision("=", float(differ), 0.0, 0.0, detail)
    return Outcome(
        decision,
        settings,
        method="generation",
        sketch=f"adapters on {', '.join(ADAPTED)}, rank {RANK}",
    )


def _bits(values: Array) -> NDArray[np.int64]:
    return np.ascontiguousarray(values, dtype=np.float64).view(np.int64)


# Parameters.

RANKS = (1, 2, 4, 8, 16, 32, 64, 128)
FEWER = (100.0, 1000.0)
"""As the abstract of the paper has it."""


def _parameters(asked: Asked) -> Outcome:
    """The guard trains 100 to 1000 times fewer parameters than the model has."""
    given = asked.parameters
    one, rank = shape(str(given["model"])), integer("rank", given["rank"], 1)
    times = one.times_fewer(rank)
    trained = one.adapters(rank) + one.head
    detail = f"{one.parameters:,} over {trained:,} parameters; {one.source}"
    decision = all_of([
        (f"at least {FEWER[0]:g} times fewer", exact_decision(">=", times, FEWER[0], 0.0, detail)),
        (f"at most {FEWER[1]:g} times fewer", exact_decision("<=", times, FEWER[1], 0.0, detail)),
    ])  # fmt: skip
    curves = {"rank": np.array(RANKS, dtype=float)} | {
        name: np.array([s.times_fewer(r) for r in RANKS]) for name, s in SHAPES.items()
    }
    within = [r for r in range(1, one.key_width + 1) if FEWER[0] <= one.times_fewer(r) <= FEWER[1]]
    settings = {**given, "trained": trained, "parameters": one.parameters,
                "ranks_within": [within[0], within[-1]]}  # fmt: skip
    words = f"adapters on queries and values, rank {rank}, and the head"
    return Outcome(decision, settings, curves, method="lora-guard", sketch=words)


# One adapted layer before a smooth convex loss.


def floors(f: LinearModel, stream: str, rank: int, seeds: int) -> tuple[Array, float]:
    """Return how far above f* each frozen factor ends at best, and the largest singular value of a factor.

    With B = Q R only W = Q A can be reached, and |Q A| = |A|: the best A is that of the model on X Q.
    """
    values, largest = [], 0.0
    for seed in range(seeds):
        B = factor(Gaussian(rank), f.shapes[0][0], stream, seed)
        largest = max(largest, float(np.linalg.norm(B, 2)))
        within = LinearModel("within", f.X @ np.linalg.qr(B)[0], f.Y, Softmax(), f.ridge)
        values.append(within.constants.fstar - f.constants.fstar)
    return np.array(values), largest


def links_below(f: Objective, method: Any, level: float) -> int:
    """Return after how many links `gd-pl` guarantees E f - f* <= level, from W = 0."""
    start = np.zeros(f.dim)
    facts = facts_of(f, method, start, 1)
    statement = theorem("gd-pl").statement("sharp")
    refused = [h for h in theorem("gd-pl").check(facts, statement) if not h.holds]
    assert not refused, refused
    first = f.flat_gap(start)
    q = float(evaluate(statement.right, facts, {gap(0): first})) / first
    return ceil(log(level / first) / log(q))


REACHED = 0.01
"""Part of the least floor of AsymLoRA under which the chains have to end."""


def _last_layer(asked: Asked) -> Outcome:
    """RAC-LoRA ends at the loss of full fine-tuning, AsymLoRA at the floor of its frozen factor.

    The number of links is such that, by the theorem and Markov's inequality, a chain that is not below the
    level then has a chance of at most the error rate, shared by the runs.
    """
    given = asked.parameters
    rank, seeds = (
        integer("rank", given.get("rank", 8), 1),
        integer("seeds", given.get("seeds", 5), 1),
    )
    f = objective("guard-features")
    assert isinstance(f, LinearModel)
    assert f.constants.L is not None
    least, largest = floors(f, asked.stream, rank, seeds)
    level = REACHED * float(least.min())
    chain = rac_lora(1 / f.constants.L, rank=rank)
    links = links_below(f, chain, level * asked.error_rate / seeds)
    if not truth("redraw", given.get("redraw", True)):
        chain = replace(chain, redraw=False)
    start = np.zeros(f.dim)
    runs = {
        "rac-lora": simulate(f, chain, start, links, seeds, asked.stream, gradients=False).gap,
        "asymlora": simulate(f, asymlora(1 / (f.constants.L * largest**2), rank=rank), start, links // 2,
                             seeds, asked.stream, gradients=False).gap,
        "fpft": simulate(f, fpft(1 / f.constants.L), start, links // 4, 1, asked.stream, gradients=False).gap,
    }  # fmt: skip
    # f is a mean over the rows of sums over 33 features, once at W and once in f*.
    noise = float(round_off(2 * (len(f.X) + f.X.shape[1]), f.flat_value(start)))
    under = float(np.min(runs["asymlora"] / least[:, None]))
    ends = float(np.max(runs["asymlora"][:, -1] / least))
    decision = all_of([
        ("RAC-LoRA below 1 % of every floor", exact_decision(
            "<=", float(runs["rac-lora"][:, -1].max()), level, noise, "largest f - f* at the end")),
        ("full fine-tuning as well", exact_decision(
            "<=", float(runs["fpft"][0, -1]), level, noise, "f - f* at the end")),
        ("AsymLoRA never below its floor", exact_decision(
            ">=", under, 1.0, noise / float(least.min()), "least ratio")),
        ("AsymLoRA ends at its floor", exact_decision("<=", ends, 1.0 + REACHED, noise, "largest ratio")),
    ])  # fmt: skip
    evidence = replace(
        decision.evidence, kind="statistical", error_rate=asked.error_rate, seeds=seeds
    )
    curves: dict[str, Any] = {"floors": least}
    for name, run in runs.items():
        shown = np.unique(np.geomspace(1, run.shape[1], 120).astype(int) - 1)
        curves |= {f"t {name}": shown.astype(float), name: run[:, shown]}
    settings = {**given, "r": rank, "T": links, "seeds": seeds, "L": f.constants.L, "mu": f.constants.pl,
                "fstar": f.constants.fstar}  # fmt: skip
    return Outcome(replace(decision, evidence=evidence), settings, curves, (), ", ".join(runs),
                   f"haar, rank {rank}, left", seeds)  # fmt: skip


# Deeper adapters.


class DeepGuard(Objective):
    """The guard's loss as a function of the weights for queries and values and of the head: no constant is known."""

    def __init__(self, w: Weights, what: Snippets) -> None:
        self.name = "deep-guard"
        self.w, self.what = w, what
        width = len(w["q"])
        self.shapes = (*((width, width) for _ in ADAPTED), (width + 1, len(KINDS)))
        self.constants = Constants(fstar=0.0, fstar_is_exact=False)

    def _loss(self, point: Array) -> tuple[float, dict[str, Array], Array]:
        *moved, head = self.split(point)
        w = {**self.w, **dict(zip(ADAPTED, moved, strict=True))}
        return training.loss_and_gradient(w, head, self.what)

    def flat_value(self, w: Array) -> float:
        return self._loss(w)[0]

    def flat_gradient(self, w: Array) -> Array:
        _, slopes, head = self._loss(w)
        return np.concatenate([*(slopes[name].ravel() for name in ADAPTED), head.ravel()])


LEARNED, HELD_OUT = 300, 300
"""Snippets that a guard learns from, and those that it is tried on."""
SEEDS = 8
"""The fewest whose extremes enclose the median but for a chance of 0.01."""


def _deeper(asked: Asked) -> Outcome:
    """What no theorem here covers: adapters inside the transformer. Their numbers come with intervals."""
    w, seeds = frozen(), integer("seeds", asked.parameters.get("seeds", SEEDS), 1)
    how = training.How(steps=integer("steps", asked.parameters.get("steps", training.How.steps), 1))
    tried = snippets(HELD_OUT, FEATURE_SEED, held_out=True)
    found: dict[str, Array] = {}
    learned = [snippets(LEARNED, 10 + seed) for seed in range(seeds)]
    found["head alone"] = np.array([_head_alone(w, what, tried) for what in learned])
    for method in training.METHODS:
        ends = [training.train(w, method, how, what, k) for k, what in enumerate(learned)]
        found[method] = np.array([training.accuracy(*end, tried) for end in ends])
    deep = DeepGuard(w, learned[0])
    start = np.concatenate(
        [*(w[name].ravel() for name in ADAPTED), np.zeros(deep.shapes[-1][0] * len(KINDS))]
    )
    hypotheses = theorem("gd-pl").check(
        facts_of(deep, rac_lora(how.rate, rank=how.rank), start, how.steps)
    )
    failed = "; ".join(f"{h.name}: {h.reason}" for h in hypotheses if not h.holds)
    decision = Decision(
        Verdict.NOT_APPLICABLE, Evidence("exact", 0.0, None, None, 0, f"uncertified: {failed}"), None, None
    )  # fmt: skip
    settings = {
        **asked.parameters, **vars(how), "seeds": seeds, "table": [_row(*one) for one in found.items()],
        "table_of": f"held-out accuracy in percent, {seeds} seeds; no theorem covers it. The median is between "
        "low and high but for a chance of 0.01",
    }  # fmt: skip
    curves = {f"accuracy {name}": values for name, values in found.items()}
    words = f"adapters on {', '.join(ADAPTED)}, rank {how.rank}"
    return Outcome(
        decision, settings, curves, hypotheses, ", ".join(training.METHODS), words, seeds
    )


def _head_alone(w: Weights, what: Snippets, tried: Snippets) -> float:
    """Return the held-out accuracy of the best head on the frozen features."""

    def read(tokens: NDArray[np.int64]) -> Array:
        return np.hstack([features(w, tokens), np.ones((len(tokens), 1))])

    f = LinearModel(
        "head", read(what.tokens), np.eye(len(KINDS))[what.kinds], Softmax(), HEAD_RIDGE
    )
    assert f.constants.minimiser is not None
    return training.accuracy(w, f.matrix(f.constants.minimiser), tried)


HEAD_RIDGE = 0.01


def _row(method: str, values: Array) -> dict[str, Any]:
    low, high = median_interval(100 * values)
    return {
        "method": method, "mean": float(100 * values.mean()), "median": float(100 * np.median(values)),
        "low": low, "high": high,
    }  # fmt: skip


MEASURES: Mapping[str, Callable[[Asked], Outcome]] = {
    "dual-path": _dual_path,
    "trained-parameters": _parameters,
    "last-layer": _last_layer,
    "deeper-adapters": _deeper,
}
"""What can be asked, by name."""


def measure(asked: Asked) -> Outcome:
    """Measure what a claim of the family asks."""
    found: Outcome = asked.one_of(MEASURES)(asked)
    return found
