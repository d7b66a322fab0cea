"""Small fixed records, in the shape that each figure reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from figures import (
    accumulated_spectrum,
    best_rate,
    cola_every_step,
    counterexample,
    effective_dimension,
    federated,
    fine_tuning,
    guard,
    logistic_regression,
    phase,
    table_3,
    tightness,
)
from ractheory.records import Record

Records = dict[str, Record]


def record(name: str, curves: dict[str, Any], **claim: Any) -> Record:
    return Record({"id": name, "parameters": {}, **claim}, curves)


def runs(name: str, rate: float, **claim: Any) -> Record:
    """The curves of runs that fall at a rate."""
    t = np.arange(40.0)
    mean = rate**t
    curves = {
        "t": t, "mean": mean, "low": 0.5 * mean, "median": 0.9 * mean, "high": 2 * mean,
        "bound": 1.1 * mean, "diverged": np.array([0.25]),
    }  # fmt: skip
    return record(name, curves, bound=0.3, **claim)


def of_runs(needs: tuple[str, ...], **claim: Any) -> Records:
    return {name: runs(name, 0.5 + 0.4 * i / len(needs), **claim) for i, name in enumerate(needs)}


def _diagram(name: str) -> Record:
    steps, lines = np.geomspace(0.01, 10.0, 6), np.geomspace(1.0, 20.0, 5)
    counts = np.zeros((5, 6, 4), dtype=np.uint16)
    counts[:, :3, 0], counts[:, 3:, 3], counts[2, 3, 1] = 10, 10, 5
    method = "lora" if "lora" in name else "cola"
    settings = {
        "axis": "dimension" if "dimension" in name else "scale",
        "outcomes": ["converged", "settled", "moving", "diverged"],
    }
    curves = {"steps": steps, "lines": lines, "counts": counts, "lower": 1 / lines}
    if method == "cola":
        curves |= {"critical": 1.1 / lines, "upper": 1.2 / lines}
    return record(name, curves, method=method, parameters=settings)


def _rates(name: str) -> Record:
    r = np.array([1.0, 2.0, 4.0, 8.0])
    each = ["guaranteed", "best", "1/L_eff", "2/L", "1/L", "exact links", "ceiling"]
    curves = {"r": r, "exact links, error": 1e-3 * r}
    curves |= {key: 0.01 * (1 + 0.2 * k) * r for k, key in enumerate(each)}
    return record(name, curves, parameters={"effective_dimension": 4.0})


def _ratio(name: str, i: int) -> Record:
    compares = ("value", "floor", "decrease")[i % 3]
    return record(name, {}, ratio=1 / (1 + 0.1 * i), parameters={"compares": compares})


def _rare() -> Records:
    t, escape = np.arange(6.0), np.linspace(0.0, 1.0, 4)
    curves = {
        "t": t, "exact": np.array([1.0, 0.7, 1e60]), "mean": 0.8**t, "low": 0.1 * 0.8**t,
        "median": 0.7**t, "high": 1.5 * 0.8**t, "largest": 2 * 0.9**t,
    }  # fmt: skip
    return {
        cola_every_step.AVERAGE: record(cola_every_step.AVERAGE, curves, parameters={"seeds": 100}),
        cola_every_step.ESCAPE: record(
            cola_every_step.ESCAPE, {"start": 10.0**escape, "diverged": escape}
        ),
    }


def _spectrum(name: str) -> Record:
    target = np.geomspace(8.0, 1.0, 5)
    spectra = np.array([target * (np.arange(5) < k) for k in (1, 3, 5)])
    return record(name, {"t": np.array([1.0, 5.0, 20.0]), "spectra": spectra, "target": target})


def _calibration() -> Records:
    nominal = np.array([0.05, 0.01, 1e-9])
    curves = {"nominal": nominal, "seeds": np.array([10.0, 100.0, 1000.0])}
    for kind in ("refuted", "confirmed"):
        curves[kind] = 0.1 * nominal
        curves[f"{kind}, interval"] = np.outer(nominal, [0.05, 0.3])
    curves["power"] = np.linspace(0, 1, 2 * 2 * 3 * 3).reshape(2, 2, 3, 3)
    name = "calibration/means"
    return {name: record(name, curves, parameters={"cases": 100, "false_by": [0.1, 0.5]})}


def _accuracies(name: str) -> Record:
    epoch = np.arange(0.0, 52.0, 2.0)
    curves = {"epoch": epoch}
    for k, method in enumerate(table_3.METHODS):
        levels = np.array([[0.9], [1.0], [1.05]])
        curves[f"accuracy {method}"] = levels * (0.2 + (0.7 - 0.1 * k) * (1 - 0.9**epoch))
    return record(name, curves)


def _federated() -> Records:
    zeta, t = np.array([0.0, 0.5, 1.0]), np.arange(4.0)
    floors = np.outer([1.0, 0.3], 1 + zeta**2)
    curves = {
        "zeta": zeta,
        "mean": floors,
        "low": 0.5 * floors,
        "high": 2 * floors,
        "bound": 9 * floors,
    }
    curves["shares"] = np.array([0.5, 0.25])
    averages = {"round": t, "floor": np.array([0.3]), "factors": 0.3 + 0.1**t, "products": 0.01**t,
                "fed-rac-lora": 0.5**t}  # fmt: skip
    return {
        federated.FLOORS: record(federated.FLOORS, curves, parameters={"clients": 4}),
        federated.AVERAGES: record(federated.AVERAGES, averages),
    }


def _guard() -> Records:
    ranks, t = 2.0 ** np.arange(8), np.arange(50.0)
    counts = {"rank": ranks} | {
        name: 8000.0 * (k + 1) / ranks for k, name in enumerate(guard.MODELS)
    }
    layer: dict[str, Any] = {"floors": np.array([0.1, 0.2])}
    for name, rate, end in (("fpft", 0.5, 0.0), ("rac-lora", 0.8, 0.0), ("asymlora", 0.7, 0.1)):
        layer |= {f"t {name}": t, name: np.array([end + rate**t, 2 * end + rate**t])}
    deeper = {
        f"accuracy {name}": 0.7 + 0.01 * k + 0.02 * np.arange(8.0) / 8
        for k, name in enumerate(guard.GUARDS)
    }
    return {
        guard.PARAMETERS: record(guard.PARAMETERS, counts),
        guard.LAST: record(guard.LAST, layer, parameters={"r": 8}),
        guard.DEEPER: record(guard.DEEPER, deeper, parameters={"rank": 4}),
    }


SAMPLES: dict[str, Callable[[], Records]] = {
    "accumulated-spectrum": lambda: {n: _spectrum(n) for n in accumulated_spectrum.NEEDS},
    "calibration": _calibration,
    "cola-every-step": _rare,
    "federated": _federated,
    "guard": _guard,
    "effective-dimension": lambda: of_runs(effective_dimension.NEEDS),
    "best-rate": lambda: {name: _rates(name) for name in best_rate.NEEDS},
    "counterexample": lambda: of_runs(counterexample.NEEDS),
    "fine-tuning": lambda: of_runs(fine_tuning.NEEDS, parameters={"m": 50, "r": 5}),
    "logistic-regression": lambda: of_runs(
        logistic_regression.NEEDS, parameters={"m": 31, "r": 31}
    ),
    "phase": lambda: {name: _diagram(name) for name in phase.NEEDS},
    "table-3": lambda: {name: _accuracies(name) for name in table_3.NEEDS},
    "tightness": lambda: {name: _ratio(name, i) for i, name in enumerate(tightness.NEEDS)},
}
"""By figure."""
