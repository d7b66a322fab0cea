"""The main job: runs the claims of the catalogue and leaves their results in a folder.

Nothing is printed here; a `Listener` hears of progress. Claims are computed in workers, one claim a
task; every finished one is kept at once, so that a run that is interrupted can be resumed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from ractheory import records
from ractheory.claims.claim import TIERS
from ractheory.errors import UsageError, integer, real, stream_name
from ractheory.evidence import RUN_ERROR_RATE, claim_error_rate
from ractheory.parallel import Failed, Lost, Pool, open_pool
from ractheory.provenance import fingerprint, provenance
from ractheory.suggest import unknown

SEED = "ractheory"


class Entry(Protocol):
    """What the main job needs to know of a claim."""

    @property
    def id(self) -> str: ...

    @property
    def theorem(self) -> str: ...

    @property
    def tiers(self) -> tuple[str, ...]: ...


Evaluate = Callable[[str, str, float], tuple[dict[str, Any], records.Curves]]
"""Evaluates (id, seed, error rate of this claim): the claim object without its seconds, the curves."""


Draw = Callable[[Path, Path], object]
"""Draws figures: (folder of the records, folder of the figures)."""

FIGURES = "figures"


class Listener(Protocol):
    """Who hears of progress."""

    def started(self, total: int, taken_over: int) -> None: ...

    def finished(self, claim: dict[str, Any], done: int, total: int) -> None: ...

    def failed(self, claim_id: str, failure: Failed) -> None: ...

    def note(self, line: str) -> None: ...


@dataclass(frozen=True)
class Job:
    """What to run and where to leave the results.

    Attributes
    ----------
    out : folder of the results
    tier : "quick", "default" or "full"
    only : ids of claims, or of theorems and families for all their claims of the tier; empty for the tier
    workers : processes; the results do not depend on them
    scheduler : address of a Dask scheduler whose workers do the work instead
    resume : take over the claims that an earlier run into `out` has finished
    seed : name of the random numbers
    error_rate : of the whole run; the share of a claim does not depend on which others run
    """

    out: Path
    tier: str = "default"
    only: tuple[str, ...] = ()
    workers: int = 1
    resume: bool = False
    seed: str = SEED
    error_rate: float = RUN_ERROR_RATE
    scheduler: str | None = None

    def __post_init__(self) -> None:
        if self.tier not in TIERS:
            raise unknown("tier", self.tier, TIERS)
        integer("--workers", self.workers, 1, mend="name at least one process")
        real("--error-rate", self.error_rate, 0.0, 0.5, open_low=True)
        stream_name("--seed", self.seed)


class Unfinished(Exception):
    """A run that ended before all claims were done: interrupted, or with claims that failed."""

    def __init__(
        self, done: int, total: int, failed: tuple[str, ...] = (), why: str = "interrupted"
    ) -> None:
        super().__init__(f"{done} of {total} are done")
        self.done, self.total, self.failed = done, total, failed
        self.why = f"{len(failed)} failed" if failed else why

    @classmethod
    def by(cls, cause: BaseException, done: int, total: int) -> Unfinished:
        """Return what `cause` makes of a run: an interrupt, lost workers, a file that cannot be used or written.

        >>> Unfinished.by(OSError(28, "No space left on device", "claims.json"), 2, 5).why
        'No space left on device (claims.json)'
        """
        if isinstance(cause, KeyboardInterrupt):
            return cls(done, total)
        if isinstance(cause, OSError) and cause.strerror:
            return cls(
                done, total, why=cause.strerror + f" ({cause.filename})" * bool(cause.filename)
            )
        return cls(done, total, why=str(cause))

    @property
    def was_interrupted(self) -> bool:
        return self.why == "interrupted"


def evaluate_claim(claim_id: str, seed: str, error_rate: float) -> tuple[dict[str, Any], Any]:
    """Evaluate the claim `claim_id` of the catalogue; runs in a worker."""
    from ractheory.claims import claim
    from ractheory.compare import check_claim

    comparison = check_claim(claim(claim_id), seed, error_rate)
    return comparison.to_json(), comparison.curves


def select(catalogue: Sequence[Entry], tier: str, only: Sequence[str] = ()) -> list[Entry]:
    """Return the claims of a run, in the order of the catalogue.

    Raises UsageError for an id that is no claim's, theorem's or family's, and when nothing is left.
    """
    ids = [entry.id for entry in catalogue]
    groups = sorted({name for entry in catalogue for name in _groups(entry)})
    for name in only:
        if name not in ids and name not in groups:
            raise unknown("--only", name, [*ids, *groups], "see 'ractheory list claims'")
    chosen = [
        entry
        for entry in catalogue
        if entry.id in only
        or (tier in entry.tiers and (not only or not _groups(entry).isdisjoint(only)))
    ]
    if not chosen:
        raise UsageError.of(
            "--only",
            " ".join(only),
            f"claims of the tier {tier}",
            "choose another tier, or a claim",
        )
    return chosen


def _groups(entry: Entry) -> set[str]:
    """Return what a claim may be chosen by: its theorem, and the family that its id begins with."""
    return {entry.theorem, entry.id.split("/")[0]}


def run(
    job: Job,
    catalogue: Sequence[Entry],
    listener: Listener,
    evaluate: Evaluate = evaluate_claim,
    draw: Draw | None = None,
    first: Sequence[str] = (),
) -> dict[str, Any]:
    """Run the claims of `job` and return the document that `claims.json` then holds.

    `draw`, where given, draws the figures of the finished run. The claims named in `first` are begun first.

    Raises UsageError before anything is computed when the job cannot be done, and Unfinished when it
    ended early: what was finished is kept for a run with `resume`.
    """
    names = [entry.id for entry in select(catalogue, job.tier, job.only)]
    share = claim_error_rate(job.error_rate)
    mark = fingerprint(job.seed, share)
    started = datetime.now(UTC)
    clock = time.monotonic()
    with (
        open_pool(job.workers, job.scheduler, listener.note) as pool,
        records.hold(job.out),
    ):
        partial = records.open_partial(job.out, job.resume)
        done = _take_over(job.out, partial, names, mark, listener) if job.resume else {}
        listener.started(len(names), len(done))
        try:
            store = _Store(partial, mark, done, listener)
            begun = [*(name for name in first if name in names), *names]
            failed = _compute(job, tuple(dict.fromkeys(begun)), share, evaluate, store, pool)
            if failed:
                raise Unfinished(len(done), len(names), failed)
            document = {
                "schema": records.SCHEMA,
                "provenance": {
                    **provenance(job.seed),
                    "started": started.isoformat(timespec="seconds"),
                    "seconds": round(time.monotonic() - clock, 3),
                },
                "claims": [done[name] for name in names],
            }
            records.publish(job.out, document, names)
        except (KeyboardInterrupt, Lost, OSError) as end:
            raise Unfinished.by(end, len(done), len(names)) from end
        if draw is not None:
            with records.renewed(job.out / FIGURES) as folder:
                draw(job.out / records.RECORDS, folder)
    return document


@dataclass(frozen=True)
class _Store:
    """Where finished claims go: `done` by id, and the records in `folder`."""

    folder: Path
    mark: str
    done: dict[str, dict[str, Any]]
    listener: Listener

    def add(self, claim: dict[str, Any], curves: records.Curves, total: int) -> None:
        claim = records.plain(claim)
        records.write_record(self.folder, records.Record(claim, curves), self.mark)
        self.done[claim["id"]] = claim
        self.listener.finished(claim, len(self.done), total)


def _take_over(
    out: Path, partial: Path, names: Sequence[str], mark: str, listener: Listener
) -> dict[str, dict[str, Any]]:
    """Return the finished claims of earlier runs into `out`, from the unfinished run first."""
    done: dict[str, dict[str, Any]] = {}
    for name in names:
        reasons = []
        for folder in (partial, out / records.RECORDS):
            if not records.has_record(folder, name):
                continue
            try:
                done[name] = records.read_record(folder, name, mark).claim
            except records.Damaged as reason:
                reasons.append(str(reason))
                continue
            if folder != partial:
                records.copy_record(folder, partial, name)
            break
        if reasons and name not in done:
            listener.note(f"{name} is computed again: {reasons[0]}")
    return done


def _compute(
    job: Job, names: Sequence[str], share: float, evaluate: Evaluate, store: _Store, pool: Pool
) -> tuple[str, ...]:
    """Compute the claims that are not done; return the ids of those that failed."""
    missing = [name for name in names if name not in store.done]
    tasks = [(evaluate, name, job.seed, share) for name in missing]
    failed = []
    with closing(pool(_timed, tasks)) as outcomes:
        for outcome in outcomes:
            if isinstance(outcome, Failed):
                failed.append(missing[outcome.task])
                store.listener.failed(missing[outcome.task], outcome)
            else:
                claim, curves = outcome.value
                store.add(claim, curves, len(names))
    return tuple(name for name in names if name in failed)


def _timed(
    evaluate: Evaluate, name: str, seed: str, error_rate: float
) -> tuple[dict[str, Any], records.Curves]:
    clock = time.monotonic()
    claim, curves = evaluate(name, seed, error_rate)
    if claim["id"] != name:
        raise ValueError(f"the comparison names the claim {claim['id']} instead of {name}")
    return {**claim, "seconds": round(time.monotonic() - clock, 3)}, curves
