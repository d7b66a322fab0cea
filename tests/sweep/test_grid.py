import pytest

from ractheory.errors import UsageError
from ractheory.sweep.grid import MAX_CELLS, read_sweep, sweep_of
from tests.sweep.small import DOCUMENT, small


def test_the_grid_is_the_product_of_its_axes():
    cells = small().cells
    assert [(c.axes["method"], c.axes["rank"], c.axes["steps"]) for c in cells] == [
        ("rac-lora", 1, 4), ("rac-lora", 1, 6), ("rac-lora", 2, 4), ("rac-lora", 2, 6),
        ("asymlora", 2, 4), ("asymlora", 2, 6),
    ]  # fmt: skip
    assert small().axes == ["method", "rank", "steps", "inner"]


def test_cells_share_runs_where_only_steps_or_seeds_differ():
    cells = small(seeds=[10, 20]).cells
    by = {(c.axes["method"], c.axes["rank"], c.axes["steps"], c.axes["seeds"]): c for c in cells}
    first = by["rac-lora", 1, 4, 10]
    longer, more = by["rac-lora", 1, 6, 10], by["rac-lora", 1, 4, 20]
    assert first.claim.id == longer.claim.id == more.claim.id != by["rac-lora", 2, 4, 10].claim.id
    assert first.key == more.key != longer.key


def test_a_list_in_a_list_is_one_value():
    document = {
        **DOCUMENT, "objective": {"name": "spectrum-left", "m": 3, "spectrum": [[3, 2, 1], [1, 1, 1]]},
    }  # fmt: skip
    found = {cell.axes["objective.spectrum"] for cell in sweep_of(document).cells}
    assert found == {(3, 2, 1), (1, 1, 1)}


def changed(table, **values):
    old = DOCUMENT[table][0] if table == "method" else DOCUMENT[table]
    return {**DOCUMENT, table: {k: v for k, v in {**old, **values}.items() if v is not None}}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (changed("sweep", steps=[]), "at least one value"),
        (changed("sweep", steps=[4, 4]), "distinct values"),
        (changed("sweep", step=[4]), "key of [sweep] = step"),
        (changed("sweep", theorem=None), "name the theorem"),
        (changed("sweep", theorem=7), "put it in quotes"),
        (changed("sweep", seeds=0), "seeds = 0"),
        (changed("sweep", seeds=10**10), "seeds of [sweep]"),
        (changed("sweep", steps=2.5), "steps = 2.5"),
        (changed("sweep", steps=10**7), "steps of [sweep]"),
        (changed("sweep", points=0), "points of [sweep] = 0"),
        (changed("sweep", block=0), "block of [sweep] = 0"),
        (changed("sweep", seed=3), "seed of [sweep] = 3"),
        (changed("sweep", seed="x" * 101), "seed of [sweep]"),
        (changed("sweep", seeds=list(range(1, MAX_CELLS + 2))), "cells of the sweep"),
        (changed("objective", name="isotopic"), "did you mean isotropic"),
        (changed("objective", name=None), "no name"),
        (changed("objective", M=4), "key of [objective] isotropic = M"),
        (changed("objective", m={"a": 1}), "m of [objective]"),
        (changed("method", name="rac-lor"), "did you mean rac-lora"),
        (changed("method", name=["rac-lora", "fpft"]), "key of [method] fpft = rank"),
        (changed("method", name="lora", side="left"), "key of [method] lora = side"),
        (changed("method", step=-1.0), "step = -1"),
        (changed("method", rank="two"), "rank = two"),
        ({**DOCUMENT, "methods": {}}, "table = methods"),
        ({k: v for k, v in DOCUMENT.items() if k != "objective"}, "no table [objective]"),
        ({**DOCUMENT, "method": []}, "no table [method]"),
        ({**DOCUMENT, "sweep": [{}]}, "no table [sweep]"),
    ],
)
def test_bad_grids_are_refused_in_one_line(document, words):
    with pytest.raises(UsageError) as found:
        sweep_of(document)
    assert words in str(found.value)
    assert "\n" not in str(found.value)


def test_what_is_no_file_or_no_toml_is_refused(tmp_path):
    with pytest.raises(UsageError, match="regular file"):
        read_sweep(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("[sweep\n")
    with pytest.raises(UsageError, match="mend that line"):
        read_sweep(tmp_path / "bad.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="a TOML file"):
        read_sweep(tmp_path / "binary.toml")
