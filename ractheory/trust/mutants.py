"""The registry of planted errors, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ractheory.trust.planted import KINDS, Planted, check_probes, tried
from ractheory.trust.wrong_bounds import wrong_bounds
from ractheory.trust.wrong_evidence import wrong_evidence
from ractheory.trust.wrong_grants import wrong_grants
from ractheory.trust.wrong_objectives import wrong_objectives
from ractheory.trust.wrong_oracles import wrong_oracles
from ractheory.trust.wrong_runs import wrong_runs

MUTANTS: tuple[Planted, ...] = (
    *wrong_bounds(), *wrong_runs(), *wrong_oracles(), *wrong_objectives(), *wrong_grants(), *wrong_evidence(),
)  # fmt: skip


def plant_all(errors: Iterable[Planted] = MUTANTS) -> dict[str, Any]:
    """Plant every error in turn and return the tally, as JSON-able values.

    An error that is listed as one that nothing can tell, and is told, is a wrong reason: it is named under
    `wrong_reasons`. Raises WrongProbe when a probe errs without any error planted.
    """
    chosen = tuple(errors)
    check_probes(chosen)
    return tally_of([tried(error).to_json() for error in chosen])


def tally_of(trials: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the tally of trials, each as `Trial.to_json` gives it."""
    counted = [trial for trial in trials if not trial["not_counted"]]
    others = [trial for trial in trials if trial["not_counted"]]
    return {
        "planted": len(counted),
        "killed": sum(bool(trial["killed_by"]) for trial in counted),
        "survivors": [trial["id"] for trial in counted if not trial["killed_by"]],
        "by_kind": _by_kind(counted),
        "not_counted": others,
        "wrong_reasons": [trial["id"] for trial in others if trial["killed_by"]],
        "errors": counted,
    }


def _by_kind(trials: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    planted = Counter(trial["kind"] for trial in trials)
    killed = Counter(trial["kind"] for trial in trials if trial["killed_by"])
    return {kind: {"planted": planted[kind], "killed": killed[kind]} for kind in KINDS}


def named(name: str) -> Planted:
    """Return the planted error with this id.

    >>> named("evidence/two-sided").kind
    'evidence'
    """
    return next(error for error in MUTANTS if error.id == name)
