"""The paper's Table 3: which of the methods fine-tunes a small network best at a fixed budget.

Pre-trained on the digits 0 to 4 and fine-tuned on 5 to 9, as in the paper but for two things on scikit-learn's
digits: they have 64 pixels, and an epoch of them is 6 steps where one of MNIST is 230, so that the rate is
multiplied by that ratio and rate x steps is the paper's. The paper does not say how it pre-trains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

import numpy as np

from ractheory.compare.decision import Decision, exact_decision
from ractheory.engine.mlp.draws import Draws
from ractheory.engine.mlp.training import (
    METHODS,
    Trained,
    Training,
    initial,
    train,
    trained_numbers,
)
from ractheory.errors import UsageError, integer, real, truth
from ractheory.experiments.decisions import above_in_most_runs, all_of, median_interval
from ractheory.experiments.digits import DIGITS, task, widths
from ractheory.experiments.family import Asked, Outcome

RATE = 2e-4
"""The paper's learning rate on MNIST."""

STEPS_OF_AN_EPOCH = 230
"""29,404 images of the digits 5 to 9 in batches of 128."""

PRETRAINING = {True: Training(epochs=50, rate=1e-3), False: Training(epochs=5, rate=1e-3)}
"""By whether the images are scikit-learn's: 300 steps, or 1,195 on MNIST."""

SEEDS = 12
"""A sign test at 0.005 on either side then allows for one run that goes the other way."""

ORDER = (
    ("fpft", "cola"), ("fpft", "rac-lora"), ("cola", "lora"), ("rac-lora", "lora"), ("lora", "asymlora"),
)  # fmt: skip
"""Which method ends above which in the paper, for either factor."""

INTERVAL_RATE = 0.01
"""Chance that an interval of the table does not hold the median."""


@dataclass(frozen=True)
class Setting:
    """One column of the table, but for its method.

    Attributes
    ----------
    data : "digits" for scikit-learn's, or a folder with the files of MNIST
    seeds : number of networks, each pre-trained and fine-tuned from its own draws
    how : of the fine-tuning
    stream : of the draws; all methods share them, so that runs of one seed are pairs
    double : whether the arithmetic is in double precision; single otherwise, as is usual
    """

    data: str
    seeds: int
    how: Training
    stream: str
    double: bool = False

    @property
    def dtype(self) -> type:
        return np.float64 if self.double else np.float32

    def runs(self, method: str, **changes: Any) -> Trained:
        """Return the runs of a method; those of one process are kept."""
        side = {"train": "B"} if method == "fpft" else {}
        how = replace(self.how, method=method, **(changes | side))
        return _runs(replace(self, how=how))


TRAINING = tuple(f.name for f in fields(Training) if f.name != "method")
OWN = ("data", "seeds", "double")


def setting(asked: Asked, *more: str) -> Setting:
    """Return the setting that the parameters of a claim describe; `more` are those of its question alone.

    Raises
    ------
    UsageError : a parameter is unknown, or out of its range
    """
    given = dict(asked.parameters)
    _known(given, (*OWN, *TRAINING, *more))
    data = given.get("data", DIGITS)
    if not (isinstance(data, str) and data):
        raise UsageError.of("data", data, "digits, or the path of a folder", "name one of them")
    how = Training(**{k: v for k, v in given.items() if k in TRAINING})
    if "rate" not in given and data == DIGITS:
        rows = task(data, CLASSES_TO_LEARN, range(1), "count", np.float64).train.shape[1]
        how = replace(how, rate=RATE * STEPS_OF_AN_EPOCH / -(-rows // how.batch))
    seeds = integer("seeds", given.get("seeds", SEEDS), 1, 1000)
    double = truth("double", given.get("double", False))
    return Setting(data, seeds, how, f"{asked.seed}/table-3", double)


def _known(given: dict[str, Any], known: Sequence[str]) -> dict[str, Any]:
    for name in given:
        if name not in known:
            raise UsageError.of("parameter", name, ", ".join(known), "correct its name")
    return given


CLASSES_TO_LEARN = 5
"""The first of the digits that the network is fine-tuned on."""


@lru_cache(64)
def _runs(one: Setting) -> Trained:
    seeds, stream = range(one.seeds), one.stream
    begin = _pretrained(one.data, one.seeds, stream, one.double)
    draws = Draws(f"{stream}/fine-tuning", seeds, one.dtype)
    what = task(one.data, CLASSES_TO_LEARN, seeds, stream, one.dtype)
    return train(begin.network, one.how, what, draws)


@lru_cache(4)
def _pretrained(data: str, seeds: int, stream: str, double: bool) -> Trained:
    dtype = np.float64 if double else np.float32
    draws = Draws(f"{stream}/pre-training", range(seeds), dtype)
    how = PRETRAINING[data == DIGITS]
    what = task(data, 0, range(seeds), stream, dtype)
    return train(initial(widths(data), draws), how, what, draws)


# What can be asked.


def _count(asked: Asked) -> Outcome:
    """The number of trained parameters is the one that is stated."""
    given = dict(asked.parameters)
    sizes, stated = _sizes(given.pop("widths", None)), given.pop("stated", None)
    stated = integer("stated", stated, 0)
    how = Training(**_known(given, (*TRAINING, "method")))
    detail = f"arrays that AdamW changes on widths {'-'.join(map(str, sizes))}"
    decision = exact_decision("=", trained_numbers(how, sizes), float(stated), 0.0, detail)
    return Outcome(decision, dict(asked.parameters), method=how.method, sketch=sketch(how))


def _sizes(given: object) -> tuple[int, ...]:
    if not isinstance(given, (tuple, list)) or len(given) < 2:
        allowed = "the numbers of units of two or more layers, inputs first"
        raise UsageError.of("widths", given, allowed, "for example widths=784,64,64,5")
    return tuple(integer("widths", size, 1, 100_000) for size in given)


def _order(asked: Asked) -> Outcome:
    """The methods end in the order of the paper, in most runs."""
    one = setting(asked)
    ends = {method: one.runs(method).accuracy[:, -1] for method in METHODS}
    found = [(f"{a} above {b}", above_in_most_runs(ends[a], ends[b])) for a, b in ORDER]
    return _outcome(one, all_of(found), {method: {} for method in METHODS})


def _tie(asked: Asked) -> Outcome:
    """CoLA and RAC-LoRA end within a margin of one another, in most runs."""
    one = setting(asked, "margin")
    margin = real("margin", asked.parameters.get("margin", 0.03), 0.0, 1.0, open_low=True)
    cola, rac = (one.runs(method).accuracy[:, -1] for method in ("cola", "rac-lora"))
    found = [
        (f"cola above rac-lora - {margin:g}", above_in_most_runs(cola, rac, -margin)),
        (f"rac-lora above cola - {margin:g}", above_in_most_runs(rac, cola, -margin)),
    ]
    return _outcome(one, all_of(found), {"cola": {}, "rac-lora": {}})


def _better(asked: Asked) -> Outcome:
    """CoLA ends above RAC-LoRA in most runs."""
    one = setting(asked)
    cola, rac = (one.runs(method).accuracy[:, -1] for method in ("cola", "rac-lora"))
    return _outcome(one, above_in_most_runs(cola, rac), {"cola": {}, "rac-lora": {}})


def _same(asked: Asked) -> Outcome:
    """RAC-LoRA that merges and does not redraw predicts what AsymLoRA does, image by image.

    With `redraws` it does redraw: a planted error.
    """
    one = setting(asked, "redraws")
    still = {"redraw": truth("redraws", asked.parameters.get("redraws", False))}
    chain, frozen = one.runs("rac-lora", **still), one.runs("asymlora")
    differ = int(np.sum(chain.predictions != frozen.predictions))
    gap = max(
        float(np.max(np.abs(a - b)))
        for a, b in zip(chain.network.weights, frozen.network.weights, strict=True)
    )
    detail = f"predictions that differ, of {chain.predictions.size}; largest difference of a weight {gap:.2g}"
    decision = exact_decision("=", differ, 0.0, 0.0, detail)
    return _outcome(one, decision, {"rac-lora": still, "asymlora": {}})


def _reset(asked: Asked) -> Outcome:
    """RAC-LoRA ends higher where a merge resets the moments of AdamW than where they are kept."""
    one, fresh = setting(asked), {"keep_state": False}
    reset, kept = (one.runs("rac-lora", **c).accuracy[:, -1] for c in (fresh, {}))
    return _outcome(one, above_in_most_runs(reset, kept), {"rac-lora": fresh})


def _improving(asked: Asked) -> Outcome:
    """Every low-rank method is better after the last epoch than after four fifths of them, in most runs."""
    one = setting(asked)
    found = []
    for method in [m for m in METHODS if m != "fpft"]:
        runs = one.runs(method)
        before = int(np.searchsorted(runs.epochs, 0.8 * one.how.epochs))
        decision = above_in_most_runs(runs.accuracy[:, -1], runs.accuracy[:, before])
        found.append((f"{method} after {one.how.epochs} above {runs.epochs[before]}", decision))
    return _outcome(one, all_of(found), {m: {} for m in METHODS if m != "fpft"})


MEASURES: dict[str, Callable[[Asked], Outcome]] = {
    "trained-parameters": _count,
    "order": _order,
    "tie": _tie,
    "cola-above": _better,
    "no-redraw": _same,
    "reset": _reset,
    "still-improving": _improving,
}
"""What can be asked, by name."""


def measure(asked: Asked) -> Outcome:
    """Measure what a claim of the family asks."""
    found: Outcome = asked.one_of(MEASURES)(asked)
    return found


# The table.


def _outcome(one: Setting, decision: Decision, ran: Mapping[str, Mapping[str, Any]]) -> Outcome:
    how = one.how
    table = [_row(one, method, changes) for method, changes in ran.items()]
    curves: dict[str, Any] = {}
    for method, changes in ran.items():
        runs = one.runs(method, **changes)
        curves |= {"epoch": np.array(runs.epochs), f"accuracy {method}": runs.accuracy}
    parameters = {
        "data": one.data if one.data == DIGITS else "MNIST, from a local folder",
        "widths": widths(one.data), "seeds": one.seeds, "r": how.rank, "alpha": how.alpha,
        **{name: getattr(how, name) for name in TRAINING if name not in ("rank", "alpha", "redraw")},
        "table": table,
        "table_of": f"test accuracy in percent, {one.seeds} seeds; the median is between low and high but for "
        f"a chance of {INTERVAL_RATE:g}",
    }  # fmt: skip
    words = sketch(replace(how, method="rac-lora"))
    return Outcome(decision, parameters, curves, (), ", ".join(ran), words, one.seeds)


def sketch(how: Training) -> str:
    """Return the factors of a method in words."""
    if how.method == "fpft":
        return "none"
    gaussian = "A" if how.train == "B" else "B"
    return f"rank {how.rank}, {how.train} trained from zero, {gaussian} Gaussian"


def _row(one: Setting, method: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    runs = one.runs(method, **changes)
    end = 100 * runs.accuracy[:, -1]
    low, high = median_interval(end, INTERVAL_RATE)
    how = replace(one.how, method=method)
    return {
        "method": method, "trained": trained_numbers(how, widths(one.data)),
        "mean": float(end.mean()), "sd": float(end.std(ddof=1)) if len(end) > 1 else None,
        "median": float(np.median(end)), "low": low, "high": high,
    }  # fmt: skip
