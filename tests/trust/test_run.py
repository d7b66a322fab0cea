"""A trial as tasks: all of it is in the tally, whatever is wrong is named, and nothing done is lost."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ractheory import parallel
from ractheory.cli import main
from ractheory.commands import trust
from ractheory.errors import UsageError
from ractheory.trust import run as trial
from ractheory.trust.mutants import MUTANTS
from ractheory.trust.planted import KINDS
from ractheory.trust.properties import PROPERTIES
from ractheory.trust.run import QUICK, WHOLE, Size, document, faults, tasks

CONTRACT = ("planted", "killed", "survivors", "null_cases", "false_refutations", "stated_rate", "bad_inputs",
            "answered", "property_cases", "violations")  # fmt: skip
SMALL = Size(
    1000, 1000, {"cases": 5, "seeds": 16, "power_cases": 1, "longest": 10}, {"parallel": 3}
)


def test_a_whole_trial_tries_everything_and_a_quick_one_some_of_each_kind() -> None:
    whole, quick = tasks(WHOLE), tasks(QUICK)
    assert len(set(whole)) == len(whole)
    assert sorted(t[1] for t in whole if t[0] == "error") == sorted(e.id for e in MUTANTS)
    asked = {trial.named(t[1]).probes[t[2]].name for t in whole if t[0] == "probe"}
    assert asked == {probe.name for error in MUTANTS for probe in error.probes}
    for name in PROPERTIES:
        blocks = [t[2:] for t in whole if t[:2] == ("property", name)]
        assert [k for block in blocks for k in range(*block)] == list(range(WHOLE.instances[name]))
    assert {t[1].partition("/")[0] for t in quick if t[0] == "error"} == set(KINDS)
    assert {t[1] for t in quick if t[0] == "property"} == set(PROPERTIES)


def results(size: Size = SMALL) -> dict[Any, Any]:
    return {task: trial.perform(task, main) for task in tasks(size) if task[0] != "inputs"} | {
        task: [{"input": "x", "wrong": "", "accepted": ""}]
        for task in tasks(size)
        if task[0] == "inputs"
    }


@pytest.fixture(scope="module")
def sound() -> dict[Any, Any]:
    return results()


def test_the_tally_adds_up(sound: dict[Any, Any]) -> None:
    found = document(sound, SMALL)
    assert set(CONTRACT) <= set(found)
    assert found["complete"]
    assert (found["planted"], found["killed"], found["survivors"]) == (len(KINDS), len(KINDS), [])
    assert (found["null_cases"], found["false_refutations"]) == (40, 0)
    assert (found["bad_inputs"], found["answered"]) == (5, 5)
    assert (found["property_cases"], found["violations"]) == (3, 0)
    assert list(faults(found)) == []
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_whatever_is_wrong_is_named(sound: dict[Any, Any]) -> None:
    wrong = dict(sound)
    for task in sound:
        if task[0] == "error" and task[1].startswith("bounds"):
            wrong[task] = {**sound[task], "killed_by": None}
        if task[0] == "error" and task[1].startswith("oracles"):
            wrong[task] = {**sound[task], "not_counted": "a reason"}
        if task[0] == "property":
            wrong[task] = [{**row, "broken": "off by one"} for row in sound[task]]
        if task[0] == "inputs":
            wrong[task] = [{"input": "words", "wrong": "accepted", "accepted": ""}]
        if task[0] == "probe":
            wrong[task] = "probe: refuted instead of confirmed"
        if task[0] == "calibration":
            wrong[task] = {**sound[task], "false_refutations": 2}
    found = document(wrong, SMALL)
    text = "\n".join(faults(found))
    assert found["survivors"] == [t[1] for t in sound if t[0] == "error" and "bounds" in t[1]]
    assert (found["violations"], found["answered"]) == (3, 0)
    for part in ("not seen: bounds/", "and seen: oracles/", "off by one", "accepted: words",
                 "refuted instead of", "rate of a run: 2"):  # fmt: skip
        assert part in text
    assert "not everything" in "\n".join(faults(document({}, SMALL)))


def done_here(function: Any, planned: Any, workers: int) -> Iterator[Any]:
    for k, arguments in enumerate(planned):
        yield parallel.Done(k, function(*arguments))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, sound: dict[Any, Any]) -> None:
    monkeypatch.setattr(trial, "QUICK", SMALL)
    monkeypatch.setattr(trial, "perform", lambda task, command: sound[task])
    monkeypatch.setattr(parallel, "run_tasks", done_here)


@pytest.mark.usefixtures("small")
def test_the_command_prints_four_numbers_and_writes_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / trust.PARTIAL).write_text("{}")
    assert main(["trust", "--quick", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    kinds = len(KINDS)
    for text in (f"killed / planted       {kinds} / {kinds}", "null cases        0 / 40", "tried           5 / 5",
                 "cases               3 / 3"):  # fmt: skip
        assert text in printed
    assert json.loads((tmp_path / trust.FILE).read_text(encoding="utf-8"))["killed"] == kinds
    assert not (tmp_path / trust.PARTIAL).exists()
    assert main(["trust", "--quick", "--json", "--out", str(tmp_path)]) == 0
    assert set(CONTRACT) <= set(json.loads(capsys.readouterr().out))


@pytest.mark.usefixtures("small")
def test_what_was_done_before_an_interruption_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(function: Any, planned: Any, workers: int) -> Iterator[Any]:
        yield parallel.Done(0, function(*planned[0]))
        raise KeyboardInterrupt

    monkeypatch.setattr(parallel, "run_tasks", interrupted)
    assert main(["trust", "--quick", "--out", str(tmp_path)]) == 130
    assert "1 of " in capsys.readouterr().err
    kept = json.loads((tmp_path / trust.PARTIAL).read_text(encoding="utf-8"))
    assert (kept["complete"], kept["null_cases"]) == (False, 40)
    assert not (tmp_path / trust.FILE).exists()


@pytest.mark.usefixtures("small")
def test_a_part_that_fails_fails_the_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(function: Any, planned: Any, workers: int) -> Iterator[Any]:
        yield parallel.Failed(0, "ValueError: no")
        yield from (parallel.Done(k, function(*planned[k])) for k in range(1, len(planned)))

    monkeypatch.setattr(parallel, "run_tasks", failing)
    assert main(["trust", "--quick", "--out", str(tmp_path)]) == 1
    assert "null cases and power: ValueError: no" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="--out"):
        trust.run(
            argparse.Namespace(quick=True, json=False, workers="1", out=str(tmp_path / "file"))
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", PROPERTIES)
def test_a_property_holds_on_all_its_instances(name: str) -> None:
    rows = trial.perform(("property", name, 0, WHOLE.instances[name]), main)
    assert [row for row in rows if row["broken"]] == []
