import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ractheory.sweep.statistics import Mean, quantiles, rechunked

NUMBERS = st.floats(allow_nan=False, allow_infinity=True)


@given(arrays(np.float64, st.integers(1, 300), elements=NUMBERS), st.data())
def test_quantiles_are_those_of_the_whole_column(column, data):
    cuts = data.draw(st.lists(st.integers(0, len(column)), max_size=4).map(sorted))
    pieces = np.split(column, cuts)
    percents = [5, 50, 95, 100]
    found = quantiles(lambda: pieces, len(column), percents)
    ordered = np.sort(column)
    expected = [ordered[max(-(-p * len(column) // 100) - 1, 0)] for p in percents]
    assert found == expected


@given(st.integers(0, 3000), st.lists(st.integers(0, 3000), max_size=5), st.integers(1, 500))
def test_chunks_do_not_depend_on_the_pieces(count, cuts, size):
    column = np.arange(float(count))
    pieces = np.split(column, sorted(min(cut, count) for cut in cuts))
    found = list(rechunked(pieces, size))
    assert [len(c) for c in found[:-1]] == [size] * (len(found) - 1)
    assert all(len(c) for c in found)
    np.testing.assert_array_equal(np.concatenate([*found, []]), column)


def test_mean_and_error_are_those_of_the_formula():
    x = np.arange(5000) % 7 + 0.5
    mean = Mean()
    for chunk in rechunked([x]):
        mean.add(chunk)
    # Both add 5,000 numbers of size 7 in some order.
    allowed = 5000 * np.finfo(float).eps * 7
    assert abs(mean.value - x.mean()) <= allowed
    assert abs(mean.standard_error() - x.std(ddof=1) / np.sqrt(len(x))) <= allowed


def test_an_infinite_row_makes_the_mean_infinite():
    mean = Mean()
    for rows in ([1.0, np.inf], [1.0, 2.0]):
        mean.add(np.array(rows))
    assert (mean.value, mean.standard_error()) == (np.inf, None)
