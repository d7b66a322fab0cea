"""Every figure on small fixed records: the same bytes each time, and nothing empty, unlabelled or outside."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from figures import (
    draw,
    draw_all,
    effective_dimension,
    federated,
    figure_names,
    fine_tuning,
    phase,
)
from figures.__main__ import main
from figures.style import COLUMN, FORMATS, PAGE, styled
from ractheory.claims import CLAIMS
from ractheory.errors import UsageError
from ractheory.records import copy_record, write_record
from tests.figures.samples import SAMPLES

FIGURES = sorted(figure_names())
SMALLEST_TEXT = 5.5
"""Points; figures are drawn at the width at which they are printed."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records of all samples, as a run leaves them."""
    results: Path = tmp_path_factory.mktemp("results")
    (results / "records").mkdir()
    for sample in SAMPLES.values():
        for record in sample().values():
            write_record(results / "records", record, "sample")
    return results


@cache
def drawn(name: str) -> Figure:
    with styled():
        figure: Figure = import_module(f"figures.{figure_names()[name]}").draw(SAMPLES[name]())
        figure.canvas.draw()
    return figure


def test_every_figure_has_a_sample_and_draws_claims_of_the_catalogue() -> None:
    assert set(SAMPLES) == set(FIGURES)
    known = {c.id for c in CLAIMS if "default" in c.tiers}
    for name in FIGURES:
        module = import_module(f"figures.{figure_names()[name]}")
        assert name == module.NAME
        assert module.__doc__
        assert module.draw.__doc__
        assert set(module.NEEDS) <= known


@pytest.mark.parametrize("name", FIGURES)
def test_the_same_records_give_the_same_bytes(name: str, folder: Path, tmp_path: Path) -> None:
    first = draw(name, folder / "records", tmp_path / "one")
    second = draw(name, folder / "records", tmp_path / "two")
    assert [p.name for p in first] == [f"{name}.{kind}" for kind in FORMATS]
    for one, two in zip(first, second, strict=True):
        content = one.read_bytes()
        assert content == two.read_bytes()
        assert content.startswith(
            {"pdf": b"%PDF", "svg": b"<?xml", "png": b"\x89PNG"}[one.suffix[1:]]
        )
        assert b"dc:date" not in content


def seen(axes: Axes) -> int:
    """Count the artists of data that lie within the limits of the axes, at least in part."""
    (left, right), (low, high) = sorted(axes.get_xlim()), sorted(axes.get_ylim())
    count = 0
    for line in axes.get_lines():
        if line.get_transform() != axes.transData:  # a line of reference across the axes
            continue
        x, y = (np.asarray(v, dtype=float) for v in (line.get_xdata(), line.get_ydata()))
        count += bool(np.any((x >= left) & (x <= right) & (y >= low) & (y <= high)))
    count += sum(c.get_array() is not None and np.size(c.get_array()) > 0 for c in axes.collections)
    count += sum(
        isinstance(p, Rectangle) and p.get_height() * p.get_width() != 0 for p in axes.patches
    )
    return count + len(axes.images)


@pytest.mark.parametrize("name", FIGURES)
def test_no_panel_is_empty_or_unlabelled(name: str) -> None:
    figure = drawn(name)
    panels = [axes for axes in figure.axes if axes.axison]
    assert panels
    for axes in panels:
        assert axes.get_xlabel(), name
        assert axes.get_ylabel() or len(axes.get_yticklabels()) > 2, name
        assert seen(axes) >= 1
    assert figure.get_figwidth() in (COLUMN, PAGE)


def texts(figure: Figure) -> list:  # type: ignore[type-arg]
    found = [t for t in figure.findobj(lambda a: hasattr(a, "get_fontsize")) if t.get_visible()]
    return [t for t in found if t.get_text().strip()]


@pytest.mark.parametrize("name", FIGURES)
def test_text_is_legible_and_inside(name: str) -> None:
    figure = drawn(name)
    everything = texts(figure)
    assert everything
    room = figure.bbox.padded(2.0)
    for text in everything:
        assert text.get_fontsize() >= SMALLEST_TEXT, text.get_text()
        box = text.get_window_extent()
        if box.width and _on_an_axis(figure, text):
            assert room.x0 <= box.x0
            assert box.x1 <= room.x1
            assert room.y0 <= box.y0
            assert box.y1 <= room.y1


def _on_an_axis(figure: Figure, text: object) -> bool:
    """Tick labels beyond the limits of an axis exist and are not drawn."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if any(text in (t.label1, t.label2) for t in [*axis.majorTicks, *axis.minorTicks]):
                return False
    return True


def test_figures_are_drawn_by_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([FIGURES[0], "--results", str(folder)]) == 0
    assert capsys.readouterr().out.count("\n") == len(FORMATS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["counter-example"], "counterexample"),
        (["phase", "--results", "nowhere"], "make repro"),
    ],
)
def test_a_bad_name_or_folder_is_one_line(
    arguments: list[str], words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = arguments if "--results" in arguments else [*arguments, "--results", str(folder)]
    assert main(given) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert words in message


@pytest.mark.parametrize("name", FIGURES)
def test_a_missing_record_is_named_in_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    with pytest.raises(UsageError) as caught:
        draw(name, tmp_path / "records", tmp_path)
    needs = import_module(f"figures.{figure_names()[name]}").NEEDS
    assert needs[0] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_processes_draw_the_same_files(folder: Path, tmp_path: Path) -> None:
    records = tmp_path / "records"
    records.mkdir()
    for name in (*federated.NEEDS, *effective_dimension.NEEDS):
        copy_record(folder / "records", records, name)
    alone, left_out = draw_all(records, tmp_path / "one", workers=1)
    together, same = draw_all(records, tmp_path / "two", workers=2)
    assert (
        left_out
        == same
        == [n for n in figure_names() if n not in ("federated", "effective-dimension")]
    )
    assert [p.name for p in alone] == [p.name for p in together]
    assert [p.read_bytes() for p in alone] == [p.read_bytes() for p in together]


def test_a_folder_that_cannot_be_written_is_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = tmp_path / "records"
    records.mkdir()
    for name in (*federated.NEEDS, *effective_dimension.NEEDS):
        copy_record(folder / "records", records, name)
    (tmp_path / "figures").write_text("a file in the place of the folder")
    assert main(["--results", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_damaged_record_leaves_only_its_figure_out(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = tmp_path / "records"
    records.mkdir()
    for name in (*phase.NEEDS, *fine_tuning.NEEDS):
        copy_record(folder / "records", records, name)
    damaged = records / "phase+lora-scale.npz"
    damaged.write_bytes(damaged.read_bytes()[:50])
    assert main(["--results", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "left out, its records are not in this run: phase" in out
    assert not (tmp_path / "figures" / "phase.svg").exists()
    assert (tmp_path / "figures" / "fine-tuning.svg").exists()
