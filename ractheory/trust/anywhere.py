"""Questions to the whole of the registries: any objective, any method, any sketch, and a theorem that applies.

An instance is read as a place in that space: its sizes, rank, step and law as far as objective and method take
them, and its seed draws the rest. Not every place exists (a rank above the rows, rows that cannot be shared out
among clients), and at some no theorem has anything to say: then the rest is drawn again.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ractheory.claims.claim import CONFIRMED, EXACT, REFUTED, Claim, MethodSpec, ObjectiveSpec
from ractheory.compare import check_claim
from ractheory.compare.build import experiment
from ractheory.compare.facts import facts_of
from ractheory.errors import UsageError
from ractheory.evidence import round_off
from ractheory.methods import METHODS, parameters_of
from ractheory.objectives import OBJECTIVES
from ractheory.objectives.federated import FederatedModel
from ractheory.objectives.losses import Squared
from ractheory.theorems import THEOREMS, Form
from ractheory.theorems.hypotheses import Hypothesis
from ractheory.trust.instances import Instance

ROWS = 60
"""Rows that are taken of a data set."""

SEEDS, FEW_LINKS = 32, 4

ONE_IN = 4
"""An option is set at one place of so many."""

PLACES = 16
"""Draws of objective, method and sketch until one of them asks a question."""

DRAWN = tuple(
    name
    for name, make in OBJECTIVES.items()
    if "seed" in inspect.signature(make).parameters and not name.endswith("-digits")
)
"""Objectives that are drawn at random, at any size; but not those on digits, whose constants take seconds each."""

OPEN_LAWS = ("", "haar", "gaussian", "coordinates", "rademacher", "hadamard", "frozen")
"""Laws that need no more than a rank; the method's own, if empty."""


OPTIONS: dict[str, tuple[Any, ...]] = {
    "inner": ("exact", "plain", "pseudo-inverse", "momentum"), "inner_steps": (1, 2, 3),
    "scale": (0.5, 2.0), "initial_std": (0.5, 2.0), "gaussian_is_A": (False,), "left_probability": (0.2, 0.9),
    "variance": (0.25, 4.0), "batch": (1, 2, 3), "replacement": (True, False), "order": ("incremental", "once"),
    "participating": (1, 2), "probability": (0.1, 1.0), "beta": (0.0, 0.5), "momentum": (0.5,),
    "solver": ("momentum", "adamw"), "eta": (0.01, 1.0), "precision": ("float16", "float32"), "rule": ("printed",),
}  # fmt: skip
"""Options of the methods, and values that are set at some places."""


@dataclass(frozen=True)
class Space:
    """From what a question is drawn; each draw is uniform."""

    objectives: tuple[str, ...] = DRAWN
    methods: tuple[str, ...] = tuple(METHODS)
    sides: tuple[str, ...] = ("left", "right", "bernoulli")
    units: tuple[str, ...] = ("1/L", "1/(L N)", "1/L_eff", "1/L_plain", "absolute")
    laws: tuple[str, ...] = OPEN_LAWS
    starts: tuple[str, ...] = ("normal:1", "zero", "far:1", "offset:1")
    options: Mapping[str, tuple[Any, ...]] = field(default_factory=lambda: OPTIONS)


EVERYTHING = Space()
COMPUTED = Space(
    ("isotropic", "entry-weights", "spectrum-left", "spectrum-right"),
    ("rac-lora",), ("left", "right"), ("1/L",), ("haar", "gaussian", "coordinates"), ("normal:1",), {},
)  # fmt: skip
"""Where an expectation can be computed too."""

GENERAL = "accumulated-rank"
"""Applies to nearly every method: asked where nothing else applies, or it would crowd out the rest."""

NOT_MEASURED = (
    "factors of the clients", "batch", "objective of exact links", "objective of Polyak's step",
)  # fmt: skip
"""Refused in a line where the side of a sketch is drawn or there are several matrices, where a batch exceeds
the data, where no link can be exact, and where f* is not known; all else that applies is measured."""


def question(given: Instance, space: Space = EVERYTHING) -> Claim | None:
    """Return a claim that applies at a place near this one, of a theorem drawn among those that do.

    The first of `PLACES` draws where more than the general theorem applies; None if there is no question at any.
    """
    rng, general = given.rng, None
    for _ in range(PLACES):
        asked = _drawn(given, space, rng)
        if asked is not None and asked.theorem != GENERAL:
            return asked
        general = general or asked
    return general


def _drawn(given: Instance, space: Space, rng: np.random.Generator) -> Claim | None:
    """Draw objective, method and sketch, and a theorem that applies; None if none does or the place does not exist."""
    name, method = str(rng.choice(space.objectives)), str(rng.choice(space.methods))
    takes = inspect.signature(OBJECTIVES[name]).parameters
    sizes = {"m": given.m, "n": given.n, "seed": given.seed, "rows": ROWS}
    f = ObjectiveSpec(name, {key: value for key, value in sizes.items() if key in takes})
    spec = MethodSpec(
        method, given.gammaL, str(rng.choice(space.units)), int(rng.integers(1, given.rank + 1)),
        str(rng.choice(space.sides)), str(rng.choice(space.laws)), _options(name, method, space, rng),
    )  # fmt: skip
    links = int(rng.integers(1, FEW_LINKS + 1))
    claim = Claim(
        f"anywhere/{given.seed}", "descent", f, spec, steps=links, seeds=SEEDS,
        start=str(rng.choice(space.starts)),
    )  # fmt: skip
    try:
        applying = _applying(claim)
    except UsageError:
        return None
    if not applying:
        return None
    theorem = str(rng.choice([name for name in applying if name != GENERAL] or [GENERAL]))
    return replace(claim, theorem=theorem, statement=str(rng.choice(applying[theorem])))


def _options(objective: str, method: str, space: Space, rng: np.random.Generator) -> dict[str, Any]:
    """Draw options that the method takes, each set at one place of `ONE_IN`; the clients are the objective's."""
    takes = parameters_of(method)
    clients = inspect.signature(OBJECTIVES[objective]).parameters.get("clients")
    found = {} if clients is None or "clients" not in takes else {"clients": int(clients.default)}
    for name, values in space.options.items():
        if name in takes and rng.integers(ONE_IN) == 0:
            found[name] = values[int(rng.integers(len(values)))]
    return found


def _applying(claim: Claim) -> dict[str, list[str]]:
    """Return the theorems, with their statements on runs, whose hypotheses hold for what `claim` runs."""
    ran = experiment(claim, "anywhere")
    facts = facts_of(ran.objective, ran.method, ran.start, claim.T)

    def hold(hypotheses: Sequence[Hypothesis]) -> bool:
        return all(h.check(facts).holds for h in hypotheses)

    found = {
        theorem.id: [
            s.name for s in theorem.statements if s.form is not Form.EXACT and hold(s.needs)
        ]
        for theorem in THEOREMS.values()
        if hold(theorem.hypotheses)
    }
    return {theorem: statements for theorem, statements in found.items() if statements}


def no_theorem_is_refuted_anywhere(given: Instance, space: Space = EVERYTHING) -> str:
    """What applies is true, wherever it is asked: it is never refuted."""
    asked = question(given, space)
    if asked is None:
        return ""
    try:
        found = check_claim(asked, "anywhere")
    except UsageError as error:
        return "" if str(error).startswith(NOT_MEASURED) else f"{error}: {asked}"
    return f"refuted: {asked}" if found.verdict.value == REFUTED else ""


def two_ways_never_contradict(given: Instance) -> str:
    """A bound, true or false, is not refuted by runs and confirmed by computing it, nor the other way round.

    Computing looks at all numbers of links, and at all W_t; so it may refute what runs confirm, unless the
    statement is an expectation over a single link.
    """
    asked = question(given, COMPUTED)
    if asked is None:
        return ""
    asked = replace(asked, bound_factor=given.factor)
    try:
        computed = check_claim(replace(asked, evidence=EXACT), "anywhere").verdict.value
    except UsageError:
        return ""
    ran = check_claim(asked, "anywhere").verdict.value
    form = THEOREMS[asked.theorem].statement(asked.statement).form
    one = form is Form.EXPECTATION and asked.steps == 1
    if (computed, ran) == (CONFIRMED, REFUTED) or (one and (computed, ran) == (REFUTED, CONFIRMED)):
        return f"{computed} by computing, {ran} by runs: {asked}"
    return ""


def clients_may_change_places(given: Instance) -> str:
    """The order of the clients moves f, its gradient and its constants by round-off only."""
    rng, clients, rows = given.rng, 1 + given.links % 5, 3
    X = rng.standard_normal((clients, rows, given.m))
    Y = rng.standard_normal((clients, rows, given.n))
    order = rng.permutation(clients)
    f, g = (
        FederatedModel(
            "f", A.reshape(-1, given.m), B.reshape(-1, given.n), Squared(), 0.1, clients=clients
        )
        for A, B in ((X, Y), (X[order], Y[order]))
    )
    w = rng.standard_normal(f.dim)
    size = float(np.sum(X**2) * (np.linalg.norm(w) + 1) ** 2 + np.sum(Y**2))
    allowed = float(round_off(64 * clients * rows * f.dim, size))
    pairs = [
        (f.flat_value(w), g.flat_value(w)),
        (f.constants.L, g.constants.L),
        (f.component_L(), g.component_L()),
    ]
    pairs += list(zip(f.flat_gradient(w), g.flat_gradient(w), strict=True))
    worst = max(abs(float(a) - float(b)) for a, b in pairs if a is not None and b is not None)
    return "" if worst <= allowed else f"differs by {worst:.3g}, allowed {allowed:.3g}"
