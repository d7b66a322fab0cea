"""Planted errors: what one is, how it is planted, and whether the suite sees it.

An error is planted in the live objects (a theorem of the registry, the engine that a claim runs, a
rule of evidence) while probes ask their questions by the code that decides claims. It is killed when an
answer that is right without the error gives it away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from ractheory.trust.probes import Probe

KINDS = (
    "bounds", "methods", "sketches", "oracles", "objectives", "federations", "grants", "evidence",
)  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """One error.

    Attributes
    ----------
    id : kind/name
    says : what is wrong, for people
    plant : context manager inside which the live objects are wrong
    probes : the questions that must give it away, one of them is enough
    reason : why no check can tell it from the truth; such an error is listed and not counted
    """

    id: str
    says: str
    plant: Callable[[], AbstractContextManager[Any]]
    probes: tuple[Probe, ...]
    reason: str = ""

    @property
    def kind(self) -> str:
        return self.id.partition("/")[0]


@contextmanager
def swapped(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Set an attribute of a module or class, or an entry of a dict, for the length of a block.

    >>> table = {"a": 1}
    >>> with swapped(table, "a", 2):
    ...     table["a"]
    2
    >>> table
    {'a': 1}
    """
    held = owner[name] if isinstance(owner, dict) else vars(owner)[name]
    _put(owner, name, value)
    try:
        yield
    finally:
        _put(owner, name, held)


def _put(owner: Any, name: str, value: Any) -> None:
    if isinstance(owner, dict):
        owner[name] = value
    else:
        setattr(owner, name, value)


@dataclass(frozen=True)
class Trial:
    """What became of one planted error: the answers with it, and the one that gave it away."""

    error: Planted
    answers: dict[str, str]
    killed_by: str | None

    @property
    def counted(self) -> bool:
        return not self.error.reason

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.error.id,
            "kind": self.error.kind,
            "error": self.error.says,
            "answers": self.answers,
            "killed_by": self.killed_by,
            "not_counted": self.error.reason or None,
        }


class WrongProbe(Exception):
    """A probe that a suite without any planted error answers wrongly."""


def check_probes(errors: Sequence[Planted]) -> int:
    """Ask every probe without an error; return how many there are. Raises WrongProbe."""
    probes = {probe.name: probe for error in errors for probe in error.probes}
    for probe in probes.values():
        if wrong := probe_errs(probe):
            raise WrongProbe(wrong)
    return len(probes)


def probe_errs(probe: Probe) -> str:
    """Ask one probe without an error; return what is wrong with its answer, "" when it is right."""
    verdict = probe.decide()
    return "" if probe.is_right(verdict) else f"{probe.name}: {verdict} instead of {probe.expected}"


def tried(error: Planted) -> Trial:
    """Plant one error and ask its probes, up to the first that gives it away."""
    answers: dict[str, str] = {}
    with error.plant():
        for probe in error.probes:
            answers[probe.name] = probe.decide()
            if not probe.is_right(answers[probe.name]):
                return Trial(error, answers, probe.name)
    return Trial(error, answers, None)
