"""Proofs of the theorems, checked in exact arithmetic: one file a theorem family.

The checker is `algebra`, `signs`, `kernel`, `chance`, `recursion`, `points`, `links` and the rules beside
them; the proofs are in `families`. Importing this package loads none of them.

>>> "gd-pl" in PROOFS
True
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proofs_check.proof import Proof, ProofReport

FAMILIES: dict[str, tuple[str, ...]] = {
    "gradient": ("descent", "gd-nonconvex", "gd-pl", "gd-convex", "inner-solver"),
    "pl_step": ("gd-pl-isotropic",),
    "stochastic": ("sgd-nonconvex", "sgd-pl"),
    "reshuffling": ("rr-nonconvex", "rr-pl", "fed-rr-nonconvex", "fed-rr-pl"),
    "effective": ("effective-dimension", "exact-links"),
    "best_rate": ("best-rate",),
    "plain": ("plain-gradient", "exact-quadratic"),
    "lower_bound": ("link-lower-bound",),
    "accelerated": ("accelerated",),
    "floors": ("rank-floor", "subspace-floor", "counterexample"),
    "time_uniform": ("time-uniform",),
    "cola": ("cola-mean-square", "cola-almost-sure", "cola-every-step"),
    "bookkeeping": (
        "accumulated-rank",
        "merge-precision",
        "federated-bias",
        "smoothness-loss",
        "sign-floor",
    ),
    "factors": ("sharpness", "lora-adaptive"),
    "nonsmooth": ("subgradient", "polyak"),
    "bernoulli": (
        "bernoulli-gd-nonconvex",
        "bernoulli-gd-pl",
        "bernoulli-sgd-nonconvex",
        "bernoulli-sgd-pl",
    ),
}
"""The files of `proofs_check.families`, and the theorems that each one proves."""


class _Proofs(Mapping[str, "Proof"]):
    """Proofs by theorem id; a family is imported when one of its proofs is asked for."""

    def __init__(self) -> None:
        self._home = {name: family for family, names in FAMILIES.items() for name in names}

    def __getitem__(self, name: str) -> Proof:
        family = import_module(f"proofs_check.families.{self._home[name]}")
        return next(proof for proof in family.PROOFS if proof.id == name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._home)

    def __contains__(self, name: object) -> bool:
        return name in self._home

    def __len__(self) -> int:
        return len(self._home)


PROOFS: Mapping[str, Proof] = _Proofs()


def check(name: str) -> ProofReport:
    """Check the proof of one theorem, and that its planted errors are rejected.

    Raises UsageError for a theorem without a proof.

    >>> report = check("descent")
    >>> report.status, report.planted == report.rejected
    ('proved', True)
    """
    from proofs_check.proof import run
    from ractheory.errors import UsageError

    if name not in PROOFS:
        raise UsageError.of(
            "proof", name, ", ".join(sorted(PROOFS)), "see 'ractheory list theorems'"
        )
    return run(PROOFS[name])


def check_all(names: Iterable[str] | None = None) -> list[ProofReport]:
    """Check the proofs of `names`, of every theorem unless given."""
    return [check(name) for name in (PROOFS if names is None else names)]
