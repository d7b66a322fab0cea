import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from ractheory import least_squares, least_squares_files
from ractheory.errors import UsageError
from ractheory.objectives import blocked
from ractheory.objectives.blocked import Rows, accumulated, direct


def saved(folder, X, Y):
    np.save(folder / "X.npy", X)
    np.save(folder / "Y.npy", Y)
    return folder / "X.npy", folder / "Y.npy"


@pytest.fixture
def data():
    rng = np.random.default_rng(7)
    return rng.standard_normal((101, 5)), rng.standard_normal((101, 3))


@pytest.mark.parametrize("rows", [1, 10, 101, 1000])
@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_files_give_the_objective_of_the_arrays(tmp_path, data, rows, ridge):
    f, g = least_squares_files(*saved(tmp_path, *data), ridge, rows), least_squares(*data, ridge)
    assert f.shapes == g.shapes
    for name in ("L", "pl", "strong", "fstar"):
        assert getattr(f.constants, name) == pytest.approx(getattr(g.constants, name), rel=1e-12)
    np.testing.assert_allclose(f.constants.minimiser, g.constants.minimiser, rtol=1e-11)
    W = np.random.default_rng(1).standard_normal(f.dim)
    assert f.flat_value(W) == pytest.approx(g.flat_value(W), rel=1e-12)
    np.testing.assert_allclose(f.flat_gradient(W), g.flat_gradient(W), rtol=1e-10)


def test_a_singular_gram_matrix_has_the_minimiser_nearest_to_zero(tmp_path, data):
    X, Y = np.hstack([data[0], data[0][:, :1]]), data[1]
    f, g = least_squares_files(*saved(tmp_path, X, Y)), least_squares(X, Y)
    assert f.constants.strong is None
    assert f.constants.pl == pytest.approx(g.constants.pl, rel=1e-10)
    np.testing.assert_allclose(f.constants.minimiser, g.constants.minimiser, rtol=1e-9)


def test_single_precision_and_a_vector_of_targets_are_read(tmp_path, data):
    X, Y = data[0].astype(np.float32), data[1][:, 0]
    f, g = least_squares_files(*saved(tmp_path, X, Y)), least_squares(X.astype(float), Y)
    assert f.shapes == ((5, 1),)
    assert f.constants.fstar == pytest.approx(g.constants.fstar, rel=1e-12)


def test_at_most_one_block_of_rows_is_held(data):
    parts = [len(x) for x, _ in Rows(*data, size=40)]
    assert parts == [40, 40, 21]


def test_sums_do_not_depend_on_the_blocks_but_in_round_off(data):
    whole, parts = accumulated(Rows(*data, size=1000)), accumulated(Rows(*data, size=7))
    for one, two in zip(whole, parts, strict=True):
        np.testing.assert_allclose(one, two, rtol=0, atol=200 * blocked.EPS * np.abs(one).max())
    ((value, gradient),) = direct(Rows(*data, size=7), 0.0, np.zeros((5, 3)))
    assert value == pytest.approx(np.sum(data[1] ** 2) / 202, rel=1e-13)
    np.testing.assert_allclose(gradient, -whole[1], rtol=1e-12)


def test_data_that_change_between_the_passes_are_noticed(tmp_path, data, monkeypatch):
    files = saved(tmp_path, *data)

    def moved(rows, ridge, *points):
        return direct(Rows(rows.X * (1 + 1e-6), rows.Y, rows.size), ridge, *points)

    monkeypatch.setattr(blocked, "direct", moved)
    with pytest.raises(UsageError, match="leave the files alone"):
        least_squares_files(*files)


class Payload:
    def __reduce__(self):
        return (pytest.fail, ("a file was executed",))


@pytest.mark.parametrize(
    ("X", "Y", "part"),
    [
        (np.ones((3, 2)), np.ones((4, 1)), "rows of Y"),
        (np.ones((3, 2, 2)), np.ones((3, 1)), "file of X"),
        (np.ones((0, 2)), np.ones((0, 1)), "file of X"),
        (np.full((3, 2), np.nan), np.ones((3, 1)), "finite"),
        (np.full((3, 2), 1e200), np.ones((3, 1)), "finite"),
        (np.array([[1j]]), np.ones((1, 1)), "file of X"),
        (np.array([["a"]]), np.ones((1, 1)), "file of X"),
        (np.array([[Payload()]], dtype=object), np.ones((1, 1)), "file of X"),
        (np.zeros((3, 2)), np.ones((3, 1)), "K"),
    ],
)  # fmt: skip
def test_unusable_files_get_one_line(tmp_path, X, Y, part):
    with np.errstate(all="ignore"), pytest.raises(UsageError, match=part) as caught:
        least_squares_files(*saved(tmp_path, X, Y))
    assert "\n" not in str(caught.value)


def test_what_is_no_array_is_refused(tmp_path, data):
    X, Y = saved(tmp_path, *data)
    X.write_bytes(X.read_bytes()[:300])
    with pytest.raises(UsageError, match="file of X"):
        least_squares_files(X, Y)
    with pytest.raises(UsageError, match="file of Y"):
        least_squares_files(Y, tmp_path)


def peak_bytes(folder, N):
    rng = np.random.default_rng(N)
    files = saved(folder, rng.standard_normal((N, 8)), rng.standard_normal((N, 2)))
    tracemalloc.start()
    try:
        least_squares_files(*files, rows=500)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_rows(tmp_path):
    least_squares_files(*saved(tmp_path, np.ones((2, 1)), np.ones((2, 1))))  # imports, caches
    few, many = peak_bytes(tmp_path, 5_000), peak_bytes(tmp_path, 80_000)
    assert many < few + 500 * 10 * 8


LARGE = """
import resource, sys
import numpy as np
from ractheory import least_squares_files

files = sys.argv[1:3]
resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    np.load(files[0]).astype(float)
except MemoryError:
    f = least_squares_files(*files)
    print(f.constants.fstar.hex(), np.abs(f.constants.minimiser - 1).max().hex())
"""
"""In a process that may hold less than the matrix takes."""


@pytest.mark.slow
def test_a_million_rows_are_read_where_they_do_not_fit_into_memory(tmp_path):
    N, m = 10**6, 64
    X = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float32, (N, m))
    Y = np.lib.format.open_memmap(tmp_path / "Y.npy", "w+", np.float64, (N, 1))
    rng = np.random.default_rng(11)
    for first in range(0, N, N // 50):
        part = slice(first, first + N // 50)
        X[part] = rng.standard_normal((N // 50, m), np.float32)
        # Targets of W = 1, so that f* = 0, but for one row that only shows in the sum over all.
        Y[part, 0] = np.sum(X[part], axis=1, dtype=np.float64)
    Y[N // 2] += 1.0
    X.flush(), Y.flush()
    words = [
        sys.executable,
        "-c",
        LARGE,
        str(tmp_path / "X.npy"),
        str(tmp_path / "Y.npy"),
        str(N * m * 8 - 10**8),
    ]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    said = subprocess.run(words, capture_output=True, text=True, env=environment)
    assert said.returncode == 0, said.stderr
    fstar, away = map(float.fromhex, said.stdout.split())
    # One unit of error in one of N rows: f* = (1 - <x, (X^T X)^-1 x>)/2N, and x has 64 entries of size 1.
    assert fstar == pytest.approx(0.5 / N, rel=200 / N)
    assert 0.0 < away < 10 / N
