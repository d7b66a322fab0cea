"""Progress of a run on standard error: a bar on a terminal, elsewhere a line for each finished claim."""

from __future__ import annotations

import sys
from typing import Any

from ractheory.commands.options import note
from ractheory.parallel import Failed


class Lines:
    """A plain line for each event; with `verbose` a claim is explained when it is done."""

    def __init__(self, verbose: bool = False) -> None:
        self.verbose = verbose

    def started(self, total: int, taken_over: int) -> None:
        from ractheory.report.table import count_words

        over = f", {taken_over} of them taken over from the earlier run" if taken_over else ""
        self.note(f"{count_words(total, 'claim')}{over}")

    def finished(self, claim: dict[str, Any], done: int, total: int) -> None:
        expected = claim["expected"]
        rest = "" if claim["verdict"] == expected else f" (expected {expected})"
        text = f"{claim['id']}: {claim['verdict']}{rest}, {claim['seconds']:.1f} s"
        self.note(f"[{done}/{total}] {text}")
        if self.verbose:
            self.explain(claim)

    def explain(self, claim: dict[str, Any]) -> None:
        """Say what was run, which hypotheses hold and why, and what the verdict rests on."""
        from ractheory.commands.check import description

        for line in filter(None, description(claim)):
            self.note(f"    {line}")
        if claim["note"]:
            self.note(f"    Note: {claim['note']}")

    def step(self, name: str, done: int, total: int) -> None:
        self.note(f"[{done}/{total}] {name}")

    def failed(self, claim_id: str, failure: Failed) -> None:
        self.note(f"{claim_id} failed: {failure.reason}")

    def note(self, line: str) -> None:
        note(line)

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


class Bar(Lines):
    """A bar with the number of claims done and the time left; other lines appear above it."""

    def __init__(self, verbose: bool = False) -> None:
        from rich import progress
        from rich.console import Console

        super().__init__(verbose)
        self.bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self.task = self.bar.add_task("claims", total=None)

    def started(self, total: int, taken_over: int) -> None:
        super().started(total, taken_over)
        self.bar.update(self.task, total=total, completed=taken_over)

    def finished(self, claim: dict[str, Any], done: int, total: int) -> None:
        self.bar.update(self.task, completed=done)
        if self.verbose or claim["verdict"] != claim["expected"]:
            super().finished(claim, done, total)

    def step(self, name: str, done: int, total: int) -> None:
        self.bar.update(self.task, completed=done, description=name)

    def note(self, line: str) -> None:
        self.bar.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> Bar:
        self.bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.bar.stop()


def progress(verbose: bool = False) -> Lines:
    """Return the progress that suits standard error."""
    return Bar(verbose) if sys.stderr.isatty() else Lines(verbose)
