"""The figures of tightness and of the best rate, drawn from small made-up records: same records, same bytes."""

import numpy as np
import pytest

from figures import best_rate, draw, missing, tightness
from ractheory.records import Record, write_record

RANKS = np.array([1.0, 2.0, 4.0])


def ratio_record(name, i):
    compares = ("value", "floor", "decrease")[i % 3]
    return {"id": name, "ratio": 1 / (1 + i), "parameters": {"compares": compares}}, {}


def table_record(name, i):
    best = 0.01 * RANKS * (i + 1)
    curves = {key: best * share for key, share in (
        ("best", 1.0), ("1/L_eff", 0.5), ("1/L", 0.3), ("2/L", -1.0), ("guaranteed", 0.4),
        ("ceiling", 2.0), ("exact links", 1.2), ("exact links, error", 0.1))}  # fmt: skip
    return {"id": name, "parameters": {"effective_dimension": 3.0}}, {"r": RANKS, **curves}


@pytest.mark.parametrize(
    ("module", "make"),
    [(tightness, ratio_record), (best_rate, table_record)],
    ids=["tight", "best"],
)
def test_the_same_records_give_the_same_bytes(module, make, tmp_path):
    for i, name in enumerate(module.NEEDS):
        claim, curves = make(name, i)
        write_record(tmp_path, Record(claim, curves), "test")
    assert missing(module.NAME, tmp_path) == []
    first = {p.name: p.read_bytes() for p in draw(module.NAME, tmp_path, tmp_path / "a")}
    again = {p.name: p.read_bytes() for p in draw(module.NAME, tmp_path, tmp_path / "b")}
    assert len(first) == 3
    assert first == again


def test_what_does_not_contract_is_not_drawn(tmp_path):
    records = {name: Record(*table_record(name, i)) for i, name in enumerate(best_rate.NEEDS)}
    panel = best_rate.draw(records).axes[0]
    labels = [line.get_label() for line in panel.containers]
    assert "$2/L$" in labels
    shown = panel.containers[labels.index("$2/L$")].lines[0].get_xdata()
    assert len(shown) == 0


def test_the_law_of_eight_is_drawn_over_every_spectrum():
    records = {name: Record(*table_record(name, i)) for i, name in enumerate(best_rate.NEEDS)}
    panel = best_rate.draw(records).axes[-1]
    levels = {float(line.get_ydata()[0]) for line in panel.lines if line.get_linestyle() == ":"}
    assert {1.0, 8.0} <= levels
    low, high = panel.get_ylim()
    assert low < 1.0 < 8.0 < high
