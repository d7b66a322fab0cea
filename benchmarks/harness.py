"""Paired timings: every round times all contenders once, and the medians over the rounds are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from threadpoolctl import threadpool_info, threadpool_limits

from benchmarks.clock import seconds_from_rest
from benchmarks.limits import Needs, peak_operations

Work = Callable[[], object]


@dataclass(frozen=True)
class Contender:
    """Somebody who does so many units of the same work per call, seed-steps unless said."""

    name: str
    work: Work
    units: int


@dataclass(frozen=True)
class Case:
    """One benchmark: ours against its references, and what limits it.

    Attributes
    ----------
    name : as in result files
    units : size of the whole job, to which every time is scaled
    ours, references : the contenders; each is timed on as few seeds as give a steady figure
    needs : of one unit; None where nothing but the references is a measure
    threads : how many ours uses
    alone : ours on one thread, for the share of one thread's peak
    """

    name: str
    units: int
    ours: Contender
    references: tuple[Contender, ...]
    needs: Needs | None = None
    threads: int = 2
    alone: Contender | None = None


@dataclass(frozen=True)
class Result:
    """One ratio, as written to `results/bench.json`; `fractions` has the share reached of each limit."""

    name: str
    ours_seconds: float
    reference: str
    reference_seconds: float
    ratio: float
    limit: str | None
    fraction_of_limit: float | None
    fractions: dict[str, float]
    fraction_of_peak_on_one_thread: float | None
    rounds: int
    threads: int
    ours_units_timed: int
    reference_units_timed: int
    reference_threads: int
    blas: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def run_case(case: Case, rounds: int) -> list[Result]:
    """Time a case; the machine's peaks are measured within the same rounds."""
    case.ours.work()  # compile and warm up
    if case.alone:
        case.alone.work()
    counts = {c.name: best_threads(c.work, case.threads) for c in case.references}
    times: dict[str, list[float]] = {c.name: [] for c in (case.ours, *case.references)}
    reached: list[dict[str, float]] = []
    single: list[float] = []
    for _ in range(rounds):
        with threadpool_limits(1):
            own = seconds_from_rest(case.ours.work) / case.ours.units
        times[case.ours.name].append(own)
        for c in case.references:
            with threadpool_limits(counts[c.name]):
                times[c.name].append(seconds_from_rest(c.work) / c.units)
        if case.needs:
            needed = case.needs.seconds(case.threads)
            reached.append({what: least / own for what, least in needed.items()})
        if case.needs and case.alone:
            with threadpool_limits(1):
                slow = seconds_from_rest(case.alone.work) / case.alone.units
            single.append(case.needs.operations / slow / peak_operations(1))
    fractions = {what: median(r[what] for r in reached) for what in (reached or [{}])[0]}
    limit = max(fractions, key=fractions.__getitem__, default=None)
    ours = times[case.ours.name]
    return [
        Result(
            case.name, median(ours) * case.units, c.name, median(times[c.name]) * case.units,
            median(theirs / own for theirs, own in zip(times[c.name], ours, strict=True)),
            limit, fractions[limit] if limit else None, fractions, median(single) if single else None,
            rounds, case.threads, case.ours.units, c.units, counts[c.name], blas(),
        )
        for c in case.references
    ]  # fmt: skip


def best_threads(work: Work, most: int) -> int:
    """Return 1 or `most`, the number of threads of BLAS with which a contender is faster; this warms it up as well."""
    work()
    found: dict[int, list[float]] = {1: [], most: []}
    for _ in range(4):
        for threads, times in found.items():
            with threadpool_limits(threads):
                times.append(seconds_from_rest(work))
    return min(found, key=lambda threads: min(found[threads]))


def blas() -> str:
    """Return which kernels NumPy's BLAS has chosen."""
    names = {
        str(lib.get("architecture", "")) for lib in threadpool_info() if lib["user_api"] == "blas"
    }
    return ", ".join(sorted(names - {""})) or "unknown"


def line(result: Result) -> str:
    """Return a result as one line of the table."""
    share = ""
    if result.limit and result.fraction_of_limit is not None:
        share = f"{100 * result.fraction_of_limit:4.0f} % of the {result.limit}"
    if result.fraction_of_peak_on_one_thread is not None:
        share += f", {100 * result.fraction_of_peak_on_one_thread:.0f} % of one thread's peak"
    return (
        f"{result.name:15} {result.reference:17} {result.ours_seconds:10.5f} s "
        f"{result.reference_seconds:11.3f} s {result.ratio:10.2f} x {share}"
    )
