import json
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import ractheory.sweep as sweeps
from ractheory.cli import main
from ractheory.compare.build import experiment
from ractheory.compare.comparison import FIRST_LOOK
from ractheory.engine.simulate import simulate
from ractheory.errors import UsageError
from ractheory.evidence import round_off
from ractheory.repro import Unfinished
from ractheory.sweep.plan import plan
from ractheory.sweep.tasks import (
    JUDGED,
    block_size,
    judged_seeds,
    seconds_of_a_seed,
    tasks_of,
    times_kept,
)
from tests.sweep.small import Quiet, here, results, run, small

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    out = tmp_path_factory.mktemp("sweep") / "out"
    run(out)
    return out


def test_a_sweep_leaves_its_results_and_nothing_else(straight):
    names = {path.name for path in straight.iterdir()}
    assert names - {"runs"} == {"sweep.json", "summary.csv", "blocks"}
    cells, _ = results(straight)
    assert [c["verdict"] for c in cells[4:]] == ["not-applicable"] * 2
    assert all(c["bound"] is None and "FreshSketch" in c["reason"] for c in cells[4:])


def test_the_rows_are_the_runs_and_the_statistics_theirs(straight):
    rows = sweeps.read(straight)
    sweep = small()
    for number, (cell, row) in enumerate(zip(sweep.cells, results(straight)[0], strict=True)):
        ran = experiment(cell.claim, sweep.seed)
        stream = f"{sweep.seed}/{cell.claim.id}"
        whole = simulate(ran.objective, ran.method, ran.start, cell.claim.steps, 70, stream)
        here = rows["cell"] == number
        kept = times_kept(cell.claim.steps, 3)
        np.testing.assert_array_equal(rows["gap"][here].reshape(70, 3), whole.gap[:, kept])
        np.testing.assert_array_equal(rows["seed"][here].reshape(70, 3)[:, 0], np.arange(70))
        last = whole.gap[:, -1]
        assert abs(row["mean"] - last.mean()) <= round_off(70, last.max())
        assert row["median"] == np.quantile(last, 0.5, method="inverted_cdf")
        assert row["diverged"] == np.mean(whole.diverged_at >= 0)


def test_the_prediction_is_that_of_the_theorem(straight):
    # gd-pl on kappa = 1 at gamma = 1/L: (1 - r/m)^T (f_0 - f*), attained.
    for row in results(straight)[0][:4]:
        factor = (1 - row["axes"]["rank"] / 4) ** row["steps"]
        first = sweeps.read(straight)
        start = first["gap"][(first["cell"] == row["cell"]) & (first["t"] == 0)][0]
        assert abs(row["bound"] - factor * start) <= round_off(64 * row["steps"], start)
        assert row["observed"] == row["mean"]
        assert row["ratio"] == row["observed"] / row["bound"]


@pytest.mark.parametrize("block", [7, 70, 1000])
def test_no_number_depends_on_the_blocks(straight, tmp_path, block):
    run(tmp_path, small(block=block))
    assert results(tmp_path) == results(straight)


def test_a_cluster_computes_the_same(straight, tmp_path):
    distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is missing")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
        ) as cluster:
            run(tmp_path, scheduler=cluster.scheduler_address)
    assert results(tmp_path) == results(straight)


def test_parquet_holds_the_same_rows(straight):
    polars = pytest.importorskip("polars", reason="the extra 'table' is not installed")
    table = polars.read_parquet(straight / "runs")
    for name, column in sweeps.read(straight).items():
        np.testing.assert_array_equal(table[name].to_numpy(), column)


def test_more_seeds_take_over_what_is_there(straight, tmp_path):
    run(tmp_path)
    listener = Quiet()
    run(tmp_path, small(seeds=130), listener, resume=True)
    # Of every cell 0-30, 30-60 are taken over; 60-90, 90-120, 120-130 and the verdict are new.
    assert listener.start == (6 * 6, 6 * 2)
    assert all(cell["seeds"] == 130 for cell in results(tmp_path)[0])


PEAKS = """
import sys, tracemalloc
from pathlib import Path
from tests.sweep.small import run, small

out = Path(sys.argv[1])
run(out / "first")  # what a first sweep imports is there
for seeds in (2_000, 20_000):
    tracemalloc.start()
    run(out / str(seeds), small(seeds=seeds, block=500))
    print(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
"""


def test_memory_does_not_grow_with_the_seeds(tmp_path):
    """In a process of its own: another test may have left threads, or imports to be done."""
    words = [sys.executable, "-c", PEAKS, str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    few, many = map(int, done.stdout.split())
    # Of each of the 6 x 36 tasks that are more, its name and range stay, and garbage that the collector has
    # not come to; its rows alone are 24 kB.
    assert many < few + 6 * 36 * 6000


def test_cells_that_share_runs_share_their_tasks(tmp_path):
    listener = Quiet()
    run(tmp_path, small(seeds=[30, 60]), listener)
    # Seeds 0-30 once for both, 30-60, and a verdict each.
    assert listener.start == (6 * 4, 0)
    assert all(c["seeds"] == c["axes"]["seeds"] for c in results(tmp_path)[0])


def shard(out, number):
    names = sorted(
        path for path in (out / "blocks").glob("*+*-*.npz") if "verdict" not in path.name
    )
    return names[number]


def test_a_shard_cut_short_or_edited_is_named_and_computed_again(straight, tmp_path):
    run(tmp_path)
    cut, edited = shard(tmp_path, 0), shard(tmp_path, 1).with_suffix(".json")
    cut.write_bytes(cut.read_bytes()[:-9])
    edited.write_text(edited.read_text(encoding="utf-8").replace('"schema"', '"schemA"'))
    listener = Quiet()
    with pytest.raises(UsageError, match="its file is damaged"):
        sweeps.read(tmp_path)
    run(tmp_path, listener=listener, resume=True)
    assert listener.start == (24, 22)
    assert sorted(line.split("/")[-1].split(":")[0] for line in listener.notes) == sorted(
        [cut.stem, edited.stem]
    )
    assert results(tmp_path) == results(straight)


def test_a_task_that_fails_is_named_and_the_rest_kept(tmp_path, monkeypatch):
    document = small(start="far:1")
    listener = Quiet()
    wrong = next(task for task in tasks_of(document) if not task.is_verdict)
    (tmp_path / ".partial" / "blocks").mkdir(parents=True)
    # A folder where the record's file should go cannot be replaced by it.
    stem = wrong.name.replace("/", "+")
    (tmp_path / ".partial" / "blocks" / f"{stem}.json").mkdir()
    with pytest.raises(Unfinished, match="are done") as end:
        run(tmp_path, document, listener, resume=True)
    assert stem in end.value.why
    assert not (tmp_path / "sweep.json").exists()


def test_the_plan_counts_tasks_and_runs():
    found = plan(small())
    assert (found.cells, found.tasks, found.runs) == (6, 24, 420)
    assert found.seconds > 0
    assert "6 cells, 24 tasks, 420 runs" in str(found)


def test_the_command_plans_runs_and_prints_the_table(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("ractheory.sweep.run.open_pool", here)
    file = tmp_path / "tiny.toml"
    file.write_text(
        '[sweep]\ntheorem = "gd-pl"\nseeds = 20\nsteps = [2, 3]\n'
        '[objective]\nname = "isotropic"\n[method]\nname = "rac-lora"\n'
    )
    out = tmp_path / "out"
    assert main(["sweep", str(file), "--plan"]) == 0
    assert "2 cells, 4 tasks, 40 runs" in capsys.readouterr().out
    assert main(["sweep", str(file), "--out", str(out), "--workers", "1"]) == 0
    captured = capsys.readouterr()
    head, *rows = captured.out.splitlines()
    assert head.split()[:2] == ["steps", "mean"]
    assert "theory" in head
    assert len(rows) == 3
    assert captured.err.startswith("plan: ")
    assert (
        main(["sweep", str(file), "--out", str(out), "--workers", "1", "--resume", "--json"]) == 0
    )
    captured = capsys.readouterr()
    assert json.loads(captured.out)["cells"][0]["theorem"] == "gd-pl"
    assert "4 of them taken over" in captured.err


def claim_on(name, theorem="gd-pl", steps=30):
    """The claim of the only cell of a sweep over 10,000 seeds."""
    document = {
        "sweep": {"theorem": theorem, "steps": steps, "seeds": 10_000},
        "objective": {"name": name},
        "method": {"name": "rac-lora"},
    }
    (cell,) = sweeps.sweep_of(document).cells
    return cell.claim


def test_a_verdict_is_a_task_of_a_few_seconds_like_the_others():
    cheap, dear = claim_on("isotropic"), claim_on("softmax-digits")
    assert judged_seeds(cheap) == JUDGED
    assert block_size(dear) < judged_seeds(dear) == FIRST_LOOK
    assert judged_seeds(replace(dear, seeds=10)) == 10


def test_a_statement_that_needs_every_iterate_repeats_the_runs():
    once, again = (claim_on("isotropic", theorem, 99) for theorem in ("gd-pl", "exact-quadratic"))
    assert seconds_of_a_seed(again) == pytest.approx(50 * seconds_of_a_seed(once))
    assert block_size(again) < block_size(once)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('theorem = "gd-plus"', "theorem"),
        ('theorem = "exact-quadratic"\nsteps = [10, 300]', "every W_t = 300"),
        ('theorem = "gd-pl"\nseeds = 2000000\nblock = 1', "tasks of the sweep = 2000001"),
        ('theorem = "gd-pl"\nstatement = "none"', "statement of gd-pl"),
        ('theorem = "gd-pl"\nstart = "nowhere"', "start = nowhere"),
    ],
)
def test_what_cannot_be_built_is_refused_before_anything_runs(tmp_path, capsys, line, words):
    file = tmp_path / "bad.toml"
    file.write_text(
        f'[sweep]\n{line}\n[objective]\nname = "isotropic"\n[method]\nname = "rac-lora"\n'
    )
    out = tmp_path / "out"
    assert main(["sweep", str(file), "--out", str(out)]) == 2
    assert words in capsys.readouterr().err
    assert not out.exists()
