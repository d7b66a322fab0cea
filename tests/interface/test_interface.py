"""Objective, method, check: what they accept, what the answer says, and that importing stays light."""

import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

import ractheory
from ractheory import (
    UsageError,
    asymlora,
    check,
    from_csv,
    least_squares,
    logistic,
    quadratic,
    rac_lora,
    softmax,
)

RNG = np.random.default_rng(3)
X = RNG.standard_normal((30, 4))
Y = X @ RNG.standard_normal((4, 2)) + 0.1 * RNG.standard_normal((30, 2))
LABELS = np.where(X[:, 0] + 0.3 * RNG.standard_normal(30) > 0, "yes", "no")


def test_five_lines():
    f = logistic(X, LABELS, ridge=0.05)
    answer = check("gd-pl", f, rac_lora(step=1 / f.constants.L, rank=2))
    assert answer.verdict == "confirmed"
    assert answer.ratio == answer.observed / answer.bound
    text = repr(answer)
    for part in (
        "gd-pl on logistic: confirmed",
        "E[f(W_T) - f*] <=",
        "hypotheses: all",
        "rank 2",
        "runs",
    ):
        assert part in text


def test_a_class_is_made_anew_for_each_run():
    class Descent:
        def __init__(self):
            self.steps = 0

        def step(self, W, gradient, rng, state):
            assert self.steps == state["t"]
            self.steps += 1
            return W - gradient(W) / state["L"]

    declares = {"gammaL": 1.0, "rank": 1, "side": "left"}
    assert check("descent", "isotropic", Descent, declares=declares, seeds=3).verdict == "confirmed"


def test_a_function_of_other_arguments_is_one_line():
    with pytest.raises(UsageError, match=r"allowed is step\(W, gradient, rng, state\)"):
        check("descent", "isotropic", lambda W: W, declares={"gammaL": 1.0})


def test_an_answer_is_a_formula_and_a_figure_in_a_notebook():
    answer = check("gd-pl", "spectrum-left", "rac-lora", seeds=64)
    root = ElementTree.fromstring(answer._repr_html_().replace("\u2061", ""))
    tags = {element.tag for element in root.iter()}
    assert {"math", "svg", "table"} <= tags
    assert "http" not in answer._repr_html_()


def test_a_hypothesis_that_fails_is_said():
    f = least_squares(X, Y)
    answer = check("gd-pl", f, asymlora(step=1 / f.constants.L))
    assert answer.verdict == "not-applicable"
    assert "fails: FreshSketch" in repr(answer)
    assert answer.ratio is None
    answer._repr_html_()


def test_a_function_is_checked_against_what_it_declares():
    def mine(W, gradient, rng, state):
        B = rng.standard_normal((len(W), 1))
        return W - B @ np.linalg.pinv(B) @ gradient(W) / state["L"]

    def forgotten(W, gradient, rng, state):
        B = rng.standard_normal((len(W), 1))
        return W - B @ B.T @ gradient(W) / state["L"]

    f, declares = least_squares(X, Y), {"gammaL": 1.0, "rank": 1}
    assert check("descent", f, mine, declares=declares, seeds=20).verdict == "confirmed"
    answer = check("descent", f, forgotten, declares=declares, seeds=20)
    assert answer.verdict == "refuted"
    assert "forgotten, declared as rac-lora" in repr(answer)
    assert answer.to_json()["method"].startswith("forgotten")


def test_the_same_seed_gives_the_same_numbers_and_another_gives_others():
    f = least_squares(X, Y)
    observed = [check("gd-pl", f, "rac-lora", seed=s, seeds=32).observed for s in ("a", "a", "b")]
    assert observed[0] == observed[1] != observed[2]


def test_the_start_may_be_a_matrix():
    f = least_squares(X, Y)
    answer = check("gd-pl", f, "rac-lora", start=np.ones((4, 2)), seeds=32)
    facts = answer.comparison.facts
    assert facts["W0_sq"] == 8.0
    with pytest.raises(UsageError, match="shape of start"):
        check("gd-pl", f, "rac-lora", start=np.ones((2, 4)), seeds=32)


# Objectives from data: constants against NumPy.


def test_least_squares_constants():
    f = least_squares(X, Y, ridge=0.1)
    k = np.linalg.eigvalsh(X.T @ X / 30) + 0.1
    W = np.linalg.solve(X.T @ X / 30 + 0.1 * np.eye(4), X.T @ Y / 30)
    value = np.sum((X @ W - Y) ** 2) / 60 + 0.05 * np.sum(W**2)
    assert pytest.approx(k[-1], rel=1e-13) == f.constants.L
    assert f.constants.pl == pytest.approx(k[0], rel=1e-12)
    assert f.constants.fstar == pytest.approx(value, rel=1e-12)
    assert least_squares(X, Y[:, 0]).shapes == ((4, 1),)


def test_classes_are_those_that_occur():
    f = logistic(X, LABELS)
    signs = np.where(LABELS == "yes", 1.0, -1.0)
    W = RNG.standard_normal((4, 1))
    naive = np.mean(np.log1p(np.exp(-signs * (X @ W)[:, 0]))) + 0.005 * np.sum(W**2)
    assert f.value(W) == pytest.approx(naive, rel=1e-13)
    three = np.arange(30) % 3
    g, V = softmax(X, three), RNG.standard_normal((4, 3))
    Z = X @ V
    naive = np.mean(np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(30), three]) + 0.005 * np.sum(V**2)
    assert g.value(V) == pytest.approx(naive, rel=1e-13)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_quadratic_from_its_matrix(side):
    R = RNG.standard_normal((3, 3))
    K, centre = R @ R.T, RNG.standard_normal((3, 3))
    f, W = quadratic(K, centre, side), RNG.standard_normal((3, 3))
    D = W - centre
    naive = np.trace(D.T @ K @ D) / 2 if side == "left" else np.trace(D @ K @ D.T) / 2
    assert f.value(W) == pytest.approx(naive, rel=1e-12)
    assert pytest.approx(np.linalg.eigvalsh(K)[-1], rel=1e-12) == f.constants.L


def test_a_singular_matrix_is_a_quadratic_too():
    f = quadratic(np.ones((3, 3)), np.zeros((3, 2)))
    assert (f.constants.pl, f.constants.strong) == (pytest.approx(3.0), None)


# CSV files.


def csv(folder, text):
    path = folder / "data.csv"
    path.write_text(text)
    return path


ROWS = "age,dose,constant,answer\n" + "\n".join(f"{k},{k * k % 7},5,{2.5 * k}" for k in range(12))


def test_a_csv_file_with_names(tmp_path):
    path = csv(tmp_path, ROWS)
    f = from_csv(path, target="answer", ridge=0.0)
    assert f.shapes == ((3, 1),)
    features = np.array([[k, k * k % 7] for k in range(12)], dtype=float)
    Z = np.hstack([(features - features.mean(0)) / features.std(0), np.ones((12, 1))])
    assert np.allclose(f.X, Z, rtol=1e-14, atol=1e-14)
    assert np.array_equal(f.Y[:, 0], 2.5 * np.arange(12))
    assert check("descent", f, "rac-lora", seeds=5).verdict == "confirmed"


def test_a_csv_file_without_names_and_with_classes(tmp_path):
    lines = "\n".join(f"{'cat' if k % 3 else 'dog'},{k},{-k}" for k in range(9))
    f = from_csv(csv(tmp_path, lines), loss="logistic", target=0)
    assert f.shapes == ((3, 1),)
    assert list(f.Y[:, 0]) == [1.0 if k % 3 == 0 else -1.0 for k in range(9)]


BAD = {
    "missing": (None, {}, "a regular file"),
    "empty": ("", {}, "at least two rows"),
    "one column": ("1\n2\n3\n", {}, "two columns"),
    "ragged": ("a,b\n1,2\n1,2,3\n", {}, "row 2"),
    "text": ("a,b\n1,2\nx,3\n", {}, "row 2"),
    "not finite": ("a,b\n1,2\nnan,3\n", {}, "finite number"),
    "target": (ROWS, {"target": "dosis"}, "age, dose, constant, answer"),
    "target number": (ROWS, {"target": 9}, "target"),
    "loss": (ROWS, {"loss": "hinge"}, "squared, logistic, softmax"),
    "classes": (ROWS, {"loss": "logistic"}, "2 for logistic"),
    "ridge": (ROWS, {"ridge": -1.0}, "ridge"),
}


@pytest.mark.parametrize("case", BAD)
def test_unfit_files_are_one_line(tmp_path, case):
    text, options, hint = BAD[case]
    path = tmp_path / "none.csv" if text is None else csv(tmp_path, text)
    with pytest.raises(UsageError, match=hint) as caught:
        from_csv(path, **options)
    assert "\n" not in str(caught.value)


CALLS = {
    "theorem": (("gd-lp", "isotropic", "rac-lora"), {}, "theorem"),
    "objective": (("gd-pl", "isotropy", "rac-lora"), {}, "objective"),
    "no objective": (("gd-pl", 3, "rac-lora"), {}, "an objective, or the name of one"),
    "method": (("gd-pl", "isotropic", "rac"), {}, "method"),
    "no method": (("gd-pl", "isotropic", 3), {}, "a method, a function"),
    "no declaration": (("gd-pl", "isotropic", lambda W, g, r, s: W), {}, "DECLARES"),
    "a declaration": (("gd-pl", "isotropic", "rac-lora"), {"declares": {}}, "none beside a method"),
    "start": (("gd-pl", "isotropic", "rac-lora"), {"start": "here"}, "start"),
    "statement": (("gd-pl", "isotropic", "rac-lora"), {"statement": "none"}, "statement"),
    "seeds": (("gd-pl", "isotropic", "rac-lora"), {"seeds": 0}, "seeds"),
}


@pytest.mark.parametrize("case", CALLS)
def test_unfit_calls_are_one_line(case):
    arguments, named, hint = CALLS[case]
    with pytest.raises(UsageError, match=hint):
        check(*arguments, **named)


def test_matrices_that_are_no_curvature_are_refused():
    for K in ([[1.0, 2.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, -1.0]], np.zeros((2, 2))):
        with pytest.raises(UsageError, match="positive semidefinite"):
            quadratic(K, np.zeros((2, 2)))


def test_importing_is_light_and_every_name_is_there():
    code = (
        "import sys, ractheory; heavy = {'numpy', 'scipy', 'sympy', 'numba', 'matplotlib', 'sklearn'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert all(getattr(ractheory, name) is not None for name in ractheory.__all__)
    assert set(ractheory.__all__) <= set(dir(ractheory))
    with pytest.raises(AttributeError, match="nothing_of_that_name"):
        ractheory.nothing_of_that_name  # noqa: B018
