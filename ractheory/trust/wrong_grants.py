"""Planted errors in what is granted: an assumption that holds nearly, or elsewhere, taken for one that holds.

Each question is about a chain that a theorem says nothing of. With the error the theorem is thought to apply, and
runs that owe it nothing refute it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import Any

from ractheory import assumptions as vocabulary
from ractheory import method as methods
from ractheory.claims.claim import NOT_APPLICABLE, MethodSpec, ObjectiveSpec
from ractheory.compare import comparison
from ractheory.methods import Method, Trains
from ractheory.theorems import Condition
from ractheory.theorems.hypotheses import Checked
from ractheory.trust.planted import Planted, swapped
from ractheory.trust.probes import ISOTROPIC, Probe, tight

F, M = ObjectiveSpec, MethodSpec
COLUMN = F("isotropic", {"m": 2, "n": 1})
LONG = F("spectrum-left", {"m": 20, "n": 3, "spectrum": (1.0,) + (0.01,) * 19})
"""Its L_eff is far below L: steps of 5/L are legal for a left sketch, and diverge for a right one."""


def alien(
    theorem: str, name: str, method: MethodSpec, f: ObjectiveSpec = ISOTROPIC, **settings: Any
) -> Probe:
    """Return the question to a theorem about a chain that it says nothing of."""
    usual: dict[str, Any] = {"steps": 3, "seeds": 256}
    return tight(theorem, name, method, f, NOT_APPLICABLE, **(usual | settings))


def granting(owner: Any, name: str, more: tuple[object, ...]) -> AbstractContextManager[None]:
    """Let a function that grants assumptions grant these too."""
    plain = vars(owner)[name]
    return swapped(owner, name, lambda *given: (*plain(*given), *more))


def known_of(change: Callable[[Method], Method]) -> AbstractContextManager[None]:
    """Let theorems look at another method than the one that runs."""
    plain = comparison.facts_of
    return swapped(comparison, "facts_of", lambda f, m, *more: plain(f, change(m), *more))


def unasked() -> AbstractContextManager[None]:
    """Let every condition on constants hold."""
    return swapped(
        Condition, "check", lambda self, facts: Checked(self.name, True, "not looked at")
    )


STEP, LAW = partial(granting, methods, "_step_grants"), partial(granting, methods, "_law_grants")

GRANTS: tuple[tuple[str, str, Callable[[], AbstractContextManager[None]], Probe], ...] = (
    ("law-of-a-drawn-side", "where the side is drawn, the law of a left sketch",
     lambda: LAW((vocabulary.HaarLaw(),)),
     alien("link-lower-bound", "drawn-side", M(side="bernoulli"), COLUMN)),
    ("subgradient-of-an-estimate", "an estimate of a subgradient for a subgradient",
     lambda: STEP((vocabulary.SubgradientStep(),)),
     alien("subgradient", "estimate", M("rac-lora-mvr", 1.5, "absolute"), F("l1-regression", {"m": 5, "n": 1}),
           statement="one step", start="offset:1")),
    ("gradient-of-a-batch", "an estimate of the gradient for the gradient",
     lambda: STEP((vocabulary.ProjectedStep(),)),
     alien("descent", "noise", M("rac-lora-noise", 0.5))),
    ("fresh-though-frozen", "a sketch that is never redrawn for a fresh one",
     lambda: known_of(lambda m: replace(m, redraw=True)),
     alien("gd-pl", "frozen", M("asymlora", 1.0, options={"inner": "pseudo-inverse"}), steps=20)),
    ("side-of-the-curvature", "a sketch on the other side for one on the side of the curvature",
     lambda: known_of(lambda m: replace(m, trains=Trains.LEFT)),
     alien("effective-dimension", "other-side", M(step=5.0, side="right"), LONG, statement="pl")),
    ("exact-merges", "merges into few digits for exact ones",
     lambda: STEP((vocabulary.ProjectedStep(),)),
     alien("descent", "few-digits", M("rac-merged", options={"precision": "bfloat16"}), steps=40)),
    ("any-step", "a step of any length for one below its limit",
     lambda: unasked(), alien("gd-pl", "long-step", M(step=1.9), statement="paper")),
)  # fmt: skip


def wrong_grants() -> tuple[Planted, ...]:
    """Return the planted errors in what methods and objectives grant."""
    return tuple(Planted(f"grants/{n}", says, plant, (probe,)) for n, says, plant, probe in GRANTS)
