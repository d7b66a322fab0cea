"""A claim: a theorem, an objective, a method, parameters, and the verdict that is expected.

Claims are plain data and light to import; `ractheory.compare` builds what they name and decides them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ractheory.errors import UsageError, integer, real

CONFIRMED, REFUTED, UNDECIDED, NOT_APPLICABLE = (
    "confirmed",
    "refuted",
    "undecided",
    "not-applicable",
)
TIERS = ("quick", "default", "full")
RUNS, EXACT, TIGHTNESS, MEASURED, RATES = "runs", "exact", "tightness", "measured", "rates"
EVIDENCE = (RUNS, EXACT, TIGHTNESS, MEASURED, RATES)


@dataclass(frozen=True)
class ObjectiveSpec:
    """An objective by its registered name and parameters.

    >>> str(ObjectiveSpec("isotropic", {"m": 4, "n": 3}))
    'isotropic(m=4, n=3)'
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        if not self.parameters:
            return self.name
        return f"{self.name}({', '.join(f'{k}={v}' for k, v in self.parameters.items())})"


@dataclass(frozen=True)
class MethodSpec:
    """A method by its registered name; the step is a multiple of a unit that the objective fixes.

    Attributes
    ----------
    name : key of `ractheory.methods.METHODS`
    step, unit : the step is `step` times the unit; units are listed in `ractheory.compare.build.UNITS`
    rank, side, law : of the sketch, where the method has one; `law` is a name of `ractheory.laws.LAWS`, and
        the method's own where it is empty
    options : further keyword arguments of the method, as plain values
    """

    name: str = "rac-lora"
    step: float = 1.0
    unit: str = "1/L"
    rank: int = 1
    side: str = "left"
    law: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        real("step", self.step, 0.0, open_low=True, mend="give a positive finite step")
        integer("rank", self.rank, 1)

    def with_options(self, **options: Any) -> MethodSpec:
        return replace(self, options={**self.options, **options})

    @property
    def sketch(self) -> str:
        """The sketch in a few words, for tables and result files."""
        if self.name == "fpft":
            return "none"
        if self.name == "asymlora":
            return f"frozen, rank {self.rank}, {self.side}"
        if self.name in ("lora", "cola", "lora-adaptive", "fed-lora"):
            return f"both factors trained, rank {self.rank}"
        return f"{self.law_name}, rank {self.rank}, {self.side}"

    @property
    def law_name(self) -> str:
        """The law of the sketch by name, the method's own unless one is set."""
        if self.law:
            return self.law
        from ractheory.methods import IN_PYTHON, METHODS, standard  # claims are light to import

        known = self.name in METHODS or self.name in IN_PYTHON
        return standard(self.name, self.rank).law.name if known else "haar"

    def __str__(self) -> str:
        over = self.unit.removeprefix("1")
        return f"{self.name}, step {self.step:g}{over if over != self.unit else ''}"


@dataclass(frozen=True)
class Claim:
    """What a paper (or this suite) says, and what it takes to check it.

    Attributes
    ----------
    id : theorem / objective / variant, unique in the catalogue
    theorem, statement : which statement; the first of the theorem unless named
    objective, method : what is run
    declared : the method whose hypotheses the theorem is handed, where it is not the one that is run
        (a masked negative control); None otherwise
    start : starting point: zero, normal:SCALE, far:SCALE or offset:SCALE from the minimiser, pretrained:SEED
    steps, seeds : links of each run, and the number of runs, at most: a bound on an expectation is
        decided in blocks of seeds, and a verdict ends the run
    all_seeds : whether all of them run whatever they show, for a figure of their bands
    horizon : T of the statement, where the runs go on beyond it for the figures; None: `steps`
    evidence : "runs", or "exact": an expectation on a quadratic, decided at every T up to that of the
        claim in exact numbers, with no run at all (of a stochastic chain, an expectation or one link, over
        all that it can draw); or "tightness": the tightest instance of a family of
        `ractheory.tightness`, which the objective names; or "measured": an experiment of the family of
        `ractheory.experiments` that stands in the place of the theorem, asked for what the objective
        names, with its parameters; the rest is of no account; or "rates": the steps and rates
        of every rank on a quadratic, enclosed and held against `best-rate` (all of its statements unless one
        is named)
    reach : for a tightness claim, the share of the bound that some instance reaches
    bound_factor : the bound is multiplied by this (a planted error unless it is 1)
    expected : the verdict that a correct suite reaches
    source : place in the paper; empty: the theorem's own source
    tiers : in which runs of the main job it takes part
    real_data : whether the objective is built on measured data
    note : one line for people
    """

    id: str
    theorem: str
    objective: ObjectiveSpec
    method: MethodSpec
    expected: str = CONFIRMED
    statement: str | None = None
    declared: MethodSpec | None = None
    start: str = "normal:1"
    steps: int = 20
    seeds: int = 400
    horizon: int | None = None
    evidence: str = RUNS
    reach: float | None = None
    bound_factor: float = 1.0
    source: str = ""
    tiers: tuple[str, ...] = ("default", "full")
    real_data: bool = False
    all_seeds: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        if self.expected not in (CONFIRMED, REFUTED, UNDECIDED, NOT_APPLICABLE):
            raise UsageError.of(
                "expected verdict", self.expected, "one of the four verdicts", "mend it"
            )
        if not set(self.tiers) <= set(TIERS):
            raise UsageError.of("tiers", self.tiers, ", ".join(TIERS), "choose among these")
        if self.evidence not in EVIDENCE:
            raise UsageError.of("evidence", self.evidence, " or ".join(EVIDENCE), "choose one")
        start: object = self.start
        if not isinstance(start, str):
            allowed = "zero, normal:SCALE, far:SCALE or pretrained:SEED"
            raise UsageError.of("start", start, allowed, "choose one of these")
        if (self.evidence == TIGHTNESS) != (self.reach is not None):
            allowed = "a share of the bound for a tightness claim, nothing for others"
            raise UsageError.of("reach", self.reach, allowed, "mend it")
        if self.evidence == MEASURED and (self.declared is not None or self.bound_factor != 1.0):
            allowed = "nothing declared and bound factor 1 for a measured claim"
            raise UsageError.of("claim", self.id, allowed, "put controls into its parameters")
        integer("steps", self.steps, 1)
        integer("seeds", self.seeds, 1)
        if self.horizon is not None:
            integer("horizon", self.horizon, 1, self.steps)
        real("bound factor", self.bound_factor, 0.0, open_low=True)

    @property
    def T(self) -> int:
        return self.horizon or self.steps

    @property
    def is_negative_control(self) -> bool:
        return self.declared is not None or self.bound_factor != 1.0 or self.expected != CONFIRMED
