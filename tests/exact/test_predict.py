"""The prediction for a layer: its contract, limits where everything is known, files, bad input."""

import json
import pickle

import numpy as np
import pytest

from ractheory.errors import UsageError
from ractheory.exact.moments import haar
from ractheory.exact.recursion import RowRecursion
from ractheory.predict import decaying, predict_report

EPS = np.finfo(float).eps
GOOD = {"rows": 12, "columns": 8, "rank": 3}


def predict(**changes):
    chosen = {**GOOD, **changes}
    if not {"spectrum", "decay", "effective_dimension"} & set(chosen):
        chosen["decay"] = 1.0
    return predict_report(**chosen)


def test_the_prediction_is_json_with_the_keys_of_the_contract():
    for description in ({"decay": "1.5"}, {"effective_dimension": 3}, {"spectrum": [2.0] * 12}):
        answer = predict(**description, shift=[3, 1, 0.5])
        assert json.loads(json.dumps(answer, allow_nan=False)) == answer
        assert set(answer) >= {
            "lam_min", "L_eff", "effective_dimension", "slowdown", "step_sizes", "iterations",
            "trained_parameters", "floors",
        }  # fmt: skip
        assert set(answer["slowdown"]) == {"paper", "effective", "exact"}
        assert set(answer["step_sizes"]) == {"paper", "effective", "best"}
        assert set(answer["floors"]) == {"lora", "asymlora"}


def test_parameters_and_the_sketched_side():
    left, right = predict(), predict(side="right")
    assert left["trained_parameters"] == {
        "fpft": 96, "lora": 60, "rac-lora-left": 24, "rac-lora-right": 36
    }  # fmt: skip
    assert left["lam_min"] == 3 / 12
    assert right["lam_min"] == 3 / 8
    assert right["effective_dimension"] == sum(1 / i for i in range(1, 9))


def test_at_condition_one_every_slowdown_is_the_paper_s():
    answer = predict(spectrum=[5.0] * 12)
    assert answer["L_eff"] == pytest.approx(5.0, rel=16 * EPS, abs=0)
    for kind in ("paper", "effective"):
        assert answer["slowdown"][kind] == pytest.approx(4.0, rel=16 * EPS, abs=0)
    # A minimum of a smooth radius: the step is known to sqrt(eps), the rate to eps.
    assert answer["slowdown"]["exact"] == pytest.approx(4.0, rel=1e3 * EPS, abs=0)
    assert answer["step_sizes"]["best"] == pytest.approx(0.2, rel=1e-7, abs=0)


def test_at_full_rank_nothing_is_lost():
    answer = predict(rank=12, decay=0.5)
    assert answer["slowdown"]["paper"] == 1.0
    assert answer["slowdown"]["effective"] == pytest.approx(1.0, rel=8 * EPS, abs=0)
    assert answer["slowdown"]["exact"] == 1.0
    counts = answer["iterations"]
    assert counts["paper"] == counts["effective"] == counts["fpft"]
    assert counts["exact"] == counts["exact-fpft"] <= counts["fpft"]


def test_the_effective_dimension_is_the_price_not_the_size():
    answer = predict_report(2000, 10, 1, decay=2.0)
    assert answer["slowdown"]["paper"] == 2000
    assert answer["slowdown"]["effective"] < 1 + 1 + answer["effective_dimension"]
    assert answer["slowdown"]["exact"] < 10
    assert answer["iterations"]["effective"] < answer["iterations"]["paper"] / 400


@pytest.mark.parametrize("description", [{"decay": 1.0}, {"spectrum": [1.0] * 6 + [0.2] * 6}])
def test_iterations_are_enough_and_one_less_is_not(description):
    eps = 1e-4
    answer = predict(**description, accuracy=eps)
    k = decaying(12, 1.0) if "decay" in description else np.array(description["spectrum"])
    chain = RowRecursion(k, answer["step_sizes"]["best"], haar(12, 3).convert(float))
    M = chain.matrix()
    values, vectors = np.linalg.eig(M)
    perron = np.abs(np.real(vectors[:, np.argmax(np.real(values))]))
    count = answer["iterations"]["exact"]
    curve = chain.expected(perron, count)  # the slowest start
    assert curve[count] <= eps * curve[0] * (1 + 1e-9)
    assert curve[count - 1] > eps * curve[0] * (1 - 1e-9)
    theory = RowRecursion(k, answer["step_sizes"]["effective"], haar(12, 3).convert(float))
    steps = answer["iterations"]["effective"]
    assert theory.expected(np.ones(12), steps)[-1] <= eps * theory.value(np.ones(12))


def test_only_an_effective_dimension_leaves_the_exact_numbers_open():
    answer = predict(effective_dimension="4.5")
    assert answer["slowdown"]["exact"] is None
    assert answer["step_sizes"]["best"] is None
    assert answer["iterations"]["paper"] is None
    shown = answer["illustration"]
    assert decaying(12, shown["decay"]).sum() == pytest.approx(4.5, rel=1e-12, abs=0)
    assert shown["slowdown_exact"] > 1
    for edge in (1, 12):
        assert predict(effective_dimension=edge)["illustration"]["slowdown_exact"] > 0


def test_floors_are_those_of_the_singular_values():
    floors = predict(shift=[2, 4, 1, 3])["floors"]
    assert floors["lora"] == 0.5 * 1**2
    assert floors["asymlora"] == 0.5 * 30 * (1 - 3 / 12)
    assert predict()["floors"] == {"lora": None, "asymlora": None}
    wide = predict_report(12, 2, 5, decay=0, shift=[1, 1])
    assert wide["floors"]["lora"] == 0


def test_spectra_are_read_from_text_csv_and_npy(tmp_path):
    values = [1 / (i + 1) for i in range(12)]
    np.save(tmp_path / "k.npy", np.array(values).reshape(-1, 1))
    (tmp_path / "k.csv").write_text(",".join(map(repr, values)))
    lines = "\n".join(map(repr, reversed(values)))
    (tmp_path / "k.txt").write_text(f"# eigenvalues\n{lines}\n")
    expected = predict(spectrum=values)
    for name in ("k.npy", "k.csv", "k.txt"):
        answer = predict(spectrum=tmp_path / name)
        assert answer["iterations"] == expected["iterations"]
        assert answer["L_eff"] == pytest.approx(expected["L_eff"], rel=100 * EPS, abs=0)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


def test_files_that_cannot_be_used_are_refused(tmp_path):
    np.save(tmp_path / "object.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
    np.save(tmp_path / "matrix.npy", np.eye(12))
    np.save(tmp_path / "complex.npy", np.ones(12, dtype=complex))
    np.save(tmp_path / "nan.npy", np.full(12, np.nan))
    np.savez(tmp_path / "archive", k=np.ones(12))
    (tmp_path / "archive.npz").rename(tmp_path / "archive.npy")
    (tmp_path / "pickle.npy").write_bytes(pickle.dumps(Bomb()))
    (tmp_path / "empty.txt").write_text("\n")
    (tmp_path / "words.csv").write_text("eigenvalue\n1\n")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "cut.npy").write_bytes((tmp_path / "matrix.npy").read_bytes()[:200])
    whole = (tmp_path / "nan.npy").read_bytes()
    (tmp_path / "huge.npy").write_bytes(whole.replace(b"(12,)", b"(9" + b"9" * 14 + b",)"))
    names = [p.name for p in tmp_path.iterdir()]
    assert len(names) == 11
    for name in [*names, "missing.txt", ".", "nul\0byte"]:
        with pytest.raises(UsageError) as caught:
            predict(spectrum=tmp_path / name)
        assert "\n" not in str(caught.value)


BAD = [
    {"rows": 0}, {"columns": -1}, {"rank": 0}, {"rank": 13}, {"side": "up"}, {"accuracy": 0},
    {"accuracy": 1}, {"accuracy": "nan"}, {"decay": -1}, {"decay": "steep"}, {"decay": 1e9},
    {"effective_dimension": 0.5}, {"effective_dimension": 13}, {"effective_dimension": "x"},
    {"spectrum": [1.0] * 11}, {"spectrum": [0.0] * 12}, {"spectrum": [-1.0] + [1.0] * 11},
    {"shift": [1.0] * 9}, {"shift": [-1.0]}, {"shift": []}, {"decay": 1, "effective_dimension": 2},
    {"rows": 10**9},
]  # fmt: skip


@pytest.mark.parametrize("change", BAD, ids=str)
def test_bad_input_is_one_clear_line(change):
    with pytest.raises(UsageError) as caught:
        predict(**change)
    text = str(caught.value)
    assert "\n" not in text
    assert "allowed is" in text


def test_a_curvature_must_be_described_once():
    with pytest.raises(UsageError, match="exactly one"):
        predict_report(**GOOD)


def test_the_advice_says_the_numbers_of_the_answer():
    answer = predict_report(12, 8, 2, decay=1.0, shift=[3, 1, 0.5])
    text = " ".join(answer["advice"])
    for number in (
        f"{answer['slowdown']['paper']:.3g} times", f"{answer['slowdown']['effective']:.3g} times",
        f"{answer['slowdown']['exact']:.3g} times exactly", f"step {answer['step_sizes']['best']:.4g}",
        f"{answer['iterations']['exact']} links", f"f* + {answer['floors']['lora']:.4g}",
        f"f* + {answer['floors']['asymlora']:.4g}",
    ):  # fmt: skip
        assert number in text


@pytest.mark.parametrize(
    "description",
    [
        {"effective_dimension": 1}, {"effective_dimension": 12}, {"effective_dimension": 3, "rank": 12},
        {"spectrum": [1.0] + [1e-90] * 11}, {"spectrum": [1.0] + [0.0] * 11}, {"decay": 300},
        {"decay": 0, "rank": 12}, {"decay": 1, "shift": [0.0]}, {"decay": 1, "shift": [1, 1], "side": "right"},
    ],
    ids=str,
)  # fmt: skip
def test_there_is_advice_for_every_layer(description):
    answer = predict(**description)
    assert 3 <= len(answer["advice"]) <= 4
    for line in answer["advice"]:
        assert line.endswith(".")
        assert not {"None", "nan", "inf"} & set(line.replace(".", " ").replace(",", " ").split())
