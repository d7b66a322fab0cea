"""The paper's Table 3: which of the methods fine-tunes a small network best at a fixed budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from ractheory.compare.decision import exact_decision
from ractheory.errors import UsageError, integer
from ractheory.experiments.family import Asked, Outcome

METHODS = ("fpft", "lora", "asymlora", "cola", "rac-lora")


def trained_parameters(widths: Sequence[int], method: str, train: str, rank: int = 1) -> int:
    """Return how many numbers a method trains in a network of these widths, adapters on all its layers.

    W = W_0 + s B A of a layer is (outputs x inputs); full fine-tuning trains the biases too, adapters
    leave them as they are. `train` names the factor that a one-sided method trains: "B" or "A".

    >>> [trained_parameters((784, 64, 64, 5), "rac-lora", factor) for factor in ("B", "A")]
    [133, 912]
    """
    if method not in METHODS:
        raise UsageError.of("method", method, ", ".join(METHODS), "choose one of these")
    if train not in ("A", "B"):
        raise UsageError.of("trained factor", train, "A or B", "choose one of these")
    pairs = list(pairwise(widths))
    if method == "fpft":
        return sum((inputs + 1) * outputs for inputs, outputs in pairs)
    of_B = rank * sum(outputs for _, outputs in pairs)
    of_A = rank * sum(inputs for inputs, _ in pairs)
    if method in ("lora", "cola"):
        return of_A + of_B
    return of_B if train == "B" else of_A


def _count(asked: Asked) -> Outcome:
    given = asked.parameters
    rank = integer("rank", given.get("rank", 1), 1)
    method, train = str(given["method"]), str(given.get("train", "B"))
    count = trained_parameters(given["widths"], method, train, rank)
    detail = f"{method} on widths {'-'.join(map(str, given['widths']))}, rank {rank}"
    decision = exact_decision("=", count, float(given["stated"]), 0.0, detail)
    return Outcome(decision, dict(given), method=method, sketch=f"rank {rank}, trains {train}")


MEASURES: dict[str, Callable[[Asked], Outcome]] = {"trained-parameters": _count}
"""What can be asked, by name."""


def measure(asked: Asked) -> Outcome:
    """Measure what a claim of the family asks."""
    found: Outcome = asked.one_of(MEASURES)(asked)
    return found
