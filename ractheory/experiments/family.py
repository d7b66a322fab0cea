"""A family of claims, what is asked of its experiment, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ractheory.errors import UsageError

if TYPE_CHECKING:
    from ractheory.compare.decision import Decision
    from ractheory.theorems.hypotheses import Checked


@dataclass(frozen=True)
class Asked:
    """What a measured claim asks.

    Attributes
    ----------
    claim : id of the claim
    name : what is to be measured, one of the names that the experiment knows
    parameters : its settings
    seed : name of the random numbers of the whole run
    error_rate : share of the claim in the error rate of the run
    """

    claim: str
    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: str = "ractheory"
    error_rate: float = 1e-9

    @property
    def stream(self) -> str:
        """Name of the random numbers of this claim alone; claims that share runs name their own."""
        return f"{self.seed}/{self.claim}"

    def one_of(self, known: Mapping[str, Any]) -> Any:
        """Return what `known` has under the name that is asked for.

        Raises UsageError for a name that is not there.
        """
        if self.name not in known:
            raise UsageError.of("experiment", self.name, ", ".join(known), "choose one of these")
        return known[self.name]


@dataclass(frozen=True)
class Outcome:
    """What an experiment found.

    Attributes
    ----------
    decision : verdict, evidence with the error rate that it states, and the two numbers that were compared
    parameters : for the result file: the settings, and any table, as plain values
    curves : arrays for the record and its figures
    hypotheses : what was checked first; a verdict "not-applicable" rests on these
    method, sketch : what was run, in words
    seeds : number of runs
    """

    decision: Decision
    parameters: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, Any] = field(default_factory=dict)
    hypotheses: tuple[Checked, ...] = ()
    method: str = "several"
    sketch: str = "several"
    seeds: int = 0


@dataclass(frozen=True)
class Family:
    """A family of claims, in plain words.

    Attributes
    ----------
    id, title, source : as those of a theorem
    statement : what its claims say
    decided : how they are decided, and how far a verdict can be trusted
    module : where `measure(asked) -> Outcome` is, in this package; empty for a family whose claims are
        decided as those of theorems are
    """

    id: str
    title: str
    source: str
    statement: str
    decided: str
    module: str = ""

    def measure(self, asked: Asked) -> Outcome:
        """Measure what is asked.

        Raises
        ------
        UsageError : the family has no experiment, or it knows no such name or parameter
        """
        if not self.module:
            allowed = "a family with an experiment of its own"
            raise UsageError.of("family of claims", self.id, allowed, "name another")
        module = import_module(f"ractheory.experiments.{self.module}")
        outcome: Outcome = module.measure(asked)
        return outcome
