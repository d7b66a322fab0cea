"""The registry of planted errors, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ractheory.trust.planted import KINDS, Planted, Trial, check_probes, tried
from ractheory.trust.wrong_bounds import wrong_bounds
from ractheory.trust.wrong_evidence import wrong_evidence
from ractheory.trust.wrong_objectives import wrong_objectives
from ractheory.trust.wrong_oracles import wrong_oracles
from ractheory.trust.wrong_runs import wrong_runs

MUTANTS: tuple[Planted, ...] = (
    *wrong_bounds(), *wrong_runs(), *wrong_oracles(), *wrong_objectives(), *wrong_evidence(),
)  # fmt: skip


def plant_all(errors: Iterable[Planted] = MUTANTS) -> dict[str, Any]:
    """Plant every error in turn and return the tally, as JSON-able values.

    An error that is listed as one that nothing can tell, and is told, is a wrong reason: it is named under
    `wrong_reasons`. Raises WrongProbe when a probe errs without any error planted.
    """
    chosen = tuple(errors)
    probes = check_probes(chosen)
    trials = [tried(error) for error in chosen]
    counted = [trial for trial in trials if trial.counted]
    killed = [trial for trial in counted if trial.killed_by]
    return {
        "planted": len(counted),
        "killed": len(killed),
        "survivors": [trial.error.id for trial in counted if not trial.killed_by],
        "probes": probes,
        "by_kind": _by_kind(counted),
        "not_counted": [t.to_json() for t in trials if not t.counted],
        "wrong_reasons": [t.error.id for t in trials if not t.counted and t.killed_by],
        "errors": [t.to_json() for t in counted],
    }


def _by_kind(trials: list[Trial]) -> dict[str, dict[str, int]]:
    planted = Counter(trial.error.kind for trial in trials)
    killed = Counter(trial.error.kind for trial in trials if trial.killed_by)
    return {kind: {"planted": planted[kind], "killed": killed[kind]} for kind in KINDS}
