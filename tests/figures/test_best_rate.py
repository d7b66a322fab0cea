"""What the figure of the best rate leaves out, and that it shows the law."""

import numpy as np

from figures import best_rate
from ractheory.records import Record

RANKS = np.array([1.0, 2.0, 4.0])


def table_record(name, i):
    best = 0.01 * RANKS * (i + 1)
    curves = {key: best * share for key, share in (
        ("best", 1.0), ("1/L_eff", 0.5), ("1/L", 0.3), ("2/L", -1.0), ("guaranteed", 0.4),
        ("ceiling", 2.0), ("exact links", 1.2), ("exact links, error", 0.1))}  # fmt: skip
    return {"id": name, "parameters": {"effective_dimension": 3.0}}, {"r": RANKS, **curves}


def test_what_does_not_contract_is_not_drawn():
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
