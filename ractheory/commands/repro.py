"""`ractheory repro`: the main job."""

from __future__ import annotations

import argparse
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ractheory.commands.options import (
    Parser,
    add_cluster,
    note,
    number,
    results_folder,
    say,
    workers_of,
)


def configure(parser: Parser) -> None:
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a slice of each kind of claim")
    size.add_argument("--full", action="store_true", help="more seeds, sizes and steps")
    parser.add_argument(
        "--only", nargs="+", action="extend", default=[], metavar="ID",
        help="only these claims, or the claims of these theorems",
    )  # fmt: skip
    parser.add_argument(
        "--out", default="results", metavar="DIR", help="folder of the results (results)"
    )
    add_cluster(parser)
    parser.add_argument("--seed", metavar="NAME", help="name of the random numbers (ractheory)")
    parser.add_argument(
        "--error-rate", metavar="P", help="probability that any verdict of the run is wrong (1e-6)"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="write the results to standard output, as JSON, and no table",
    )
    parser.add_argument(
        "--verbose", action="store_true",
        help="explain every claim when it is done: hypotheses, numbers, evidence",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Run the claims of the catalogue."""
    job = read_job(options)
    from ractheory.claims import CLAIMS, FIRST
    from ractheory.commands.pages import draw_page
    from ractheory.repro import evaluate_claim

    def page(out: Path) -> list[str]:
        return draw_page(out, check_proofs=job.tier != "quick")

    return run_job(
        job, CLAIMS, evaluate_claim, options.json, page=page, verbose=options.verbose, first=FIRST
    )


def read_job(options: argparse.Namespace) -> Any:
    """Return the `Job` that the options describe."""
    workers, out = workers_of(options), results_folder(options)
    chosen: dict[str, Any] = {}
    if options.error_rate is not None:
        limits: dict[str, Any] = {"low": 0.0, "high": 0.5, "open_low": True}
        chosen["error_rate"] = number("--error-rate", options.error_rate, **limits)
    if options.seed is not None:
        chosen["seed"] = options.seed
    from ractheory.repro import Job

    return Job(
        out=out,
        tier="quick" if options.quick else "full" if options.full else "default",
        only=tuple(options.only),
        workers=workers,
        resume=options.resume,
        scheduler=options.scheduler,
        **chosen,
    )


def draw_figures(records: Path, out: Path) -> list[str]:
    """Draw the figures whose records are there; return what to say. The results stand without them."""
    if find_spec("figures") is None:
        return [
            "figures: they are drawn from a checkout of the project, not from the package alone"
        ]
    from figures import draw_all

    try:
        _, left_out = draw_all(records, out)
    except OSError as error:
        return [f"figures: not drawn, {error}; draw them again with 'make figures'"]
    names = ", ".join(left_out)
    return [f"figures left out, since their claims were not run: {names}"] if left_out else []


def run_job(
    job: Any,
    catalogue: Any,
    evaluate: Any,
    as_json: bool = False,
    draw: Any = draw_figures,
    page: Any = lambda out: [],
    verbose: bool = False,
    first: Any = (),
) -> int:
    """Run `job`, its claims named in `first` first, show its progress and its outcome, and return the exit status.

    `draw(records, out)` draws the figures before the results are in their place, `page(out)` the page
    of the finished run; both return what there is to say.
    """
    from ractheory.commands.progress import progress
    from ractheory.repro import Unfinished
    from ractheory.repro import run as run_claims

    listener, remarks = progress(verbose), []

    def draw_and_remark(records: Path, out: Path) -> None:
        remarks.extend(draw(records, out))

    try:
        with listener:
            document = run_claims(job, catalogue, listener, evaluate, draw_and_remark, first)
    except Unfinished as end:
        again = shlex.join(["ractheory", "repro", "--resume", *_words(job)])
        note(f"{end.why}: {end.done} of {end.total} claims are done and kept; go on with: {again}")
        return 130 if end.was_interrupted else 1
    remarks += page(job.out)
    show(document, job, as_json)
    for line in remarks:
        note(line)
    from ractheory.report.table import as_expected

    return 0 if all(as_expected(claim) for claim in document["claims"]) else 1


def _words(job: Any) -> list[str]:
    """Return the options that make `job` again; those that have their usual value are left out."""
    from ractheory.evidence import RUN_ERROR_RATE
    from ractheory.repro import SEED

    words = [] if job.tier == "default" else [f"--{job.tier}"]
    words += ["--only", *job.only] if job.only else []
    words += ["--out", str(job.out)] if str(job.out) != "results" else []
    words += ["--scheduler", job.scheduler] if job.scheduler else []
    words += ["--seed", job.seed] if job.seed != SEED else []
    words += ["--error-rate", repr(job.error_rate)] if job.error_rate != RUN_ERROR_RATE else []
    return words


def show(document: dict[str, Any], job: Any, as_json: bool) -> None:
    """Write the outcome to standard output: the document, or the verdict table."""
    if as_json:
        from ractheory.records import dumps

        return say(dumps(document))
    from ractheory.report.table import verdict_table

    lines = verdict_table(document, job.error_rate)
    drawn = sorted(path.name for path in (job.out / "figures").glob("*.svg"))
    where = f"Results: {job.out / 'claims.json'}" + "".join(f", figures/{name}" for name in drawn)
    if not sys.stdout.isatty():
        return say("\n".join([*(line.text for line in lines), where]))
    from rich.console import Console
    from rich.text import Text

    styles = {"head": "bold", "theorem": "bold cyan", "surprise": "bold red", "summary": "bold"}
    console = Console()
    for line in lines:
        console.print(Text(line.text, styles.get(line.kind, "")), soft_wrap=True)
    console.print(Text(where), soft_wrap=True)
    return None
