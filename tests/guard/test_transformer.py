"""The small language model and its guards: gradients, causality, training, and what leaves the weights alone."""

from __future__ import annotations

import numpy as np
import pytest

from ractheory.errors import UsageError
from ractheory.guard import frozen, text, training, transformer
from ractheory.guard.adapters import CONTENTS, Guarded, generate, guard_of


def weights() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {
        name: value + 0.05 * rng.standard_normal(value.shape)
        for name, value in frozen.initial().items()
    }


def slope_along(f, point, direction):  # type: ignore[no-untyped-def]
    """Return the fourth-order central difference with step h, and a bound of its error.

    Its truncation is of the size of h^4 times a fifth derivative, and its round-off of eps |f|/h; both are
    below 1e-8 at h = 1e-3 for the values of order one that are compared here.
    """
    h = 1e-3
    near = f(point + h * direction) - f(point - h * direction)
    far = f(point + 2 * h * direction) - f(point - 2 * h * direction)
    return (8 * near - far) / (12 * h)


@pytest.mark.parametrize("name", sorted(frozen.initial()))
def test_the_gradient_of_the_language_model_is_that_of_its_loss(name: str) -> None:
    w, rows = weights(), text.snippets(6, 1, longer=1).tokens
    _, gradient = frozen.loss_and_gradient(w, rows)
    direction = np.random.default_rng(5).standard_normal(w[name].shape)
    direction /= np.linalg.norm(direction)

    def along(x: np.ndarray) -> float:
        return frozen.loss_and_gradient({**w, name: x}, rows)[0]

    found = slope_along(along, w[name], direction)
    assert found == pytest.approx(float(np.vdot(gradient[name], direction)), abs=1e-7)


@pytest.mark.parametrize("name", ["q", "v", "head"])
def test_the_gradient_of_the_guard_is_that_of_its_loss(name: str) -> None:
    rng = np.random.default_rng(6)
    w, what = weights(), text.snippets(9, 2)
    head = rng.standard_normal((frozen.WIDTH + 1, 3))
    _, slopes, head_slope = training.loss_and_gradient(w, head, what)
    gradient = head_slope if name == "head" else slopes[name]
    direction = rng.standard_normal(gradient.shape)
    direction /= np.linalg.norm(direction)

    def along(x: np.ndarray) -> float:
        if name == "head":
            return training.loss_and_gradient(w, x, what)[0]
        return training.loss_and_gradient({**w, name: x}, head, what)[0]

    found = slope_along(along, head if name == "head" else w[name], direction)
    assert found == pytest.approx(float(np.vdot(gradient, direction)), abs=1e-7)


def test_no_position_sees_what_comes_after_it() -> None:
    w, rows = weights(), text.snippets(3, 1).tokens
    changed = rows.copy()
    changed[:, 20:] = 0
    before, after = (
        transformer.forward(w, r, text.LENGTH)["features"][:, :20] for r in (rows, changed)
    )
    assert np.array_equal(before, after)
    last = transformer.features(w, rows)
    # The same sums in another order: hundreds of roundings of numbers of order one.
    every = transformer.forward(w, rows, text.LENGTH)["features"][:, -1]
    assert np.allclose(last, every, rtol=0, atol=1e-12)


def test_training_teaches_and_the_frozen_weights_refuse_to_change() -> None:
    w = frozen.frozen()
    # A model that knows nothing needs log2(97) = 6.6 bits.
    assert frozen.bits_per_character(w) < 4.0 < np.log2(text.SYMBOLS)
    for value in w.values():
        with pytest.raises(ValueError, match="read-only"):
            value += 1.0


def test_snippets_are_of_their_kind_and_halves_do_not_overlap() -> None:
    learned, held = text.snippets(30, 1), text.snippets(30, 1, held_out=True)
    assert learned.tokens.shape == held.tokens.shape == (30, text.LENGTH)
    assert learned.kinds.tolist() == [0, 1, 2] * 10
    for kind, whole in enumerate(text.texts()):
        halves = whole[: len(whole) // 2], whole[len(whole) // 2 :]
        for found, half in zip((learned, held), halves, strict=True):
            row = found.tokens[kind].tolist()
            everything = text.encoded(half).tolist()
            assert any(everything[k : k + text.LENGTH] == row for k in range(len(everything)))


@pytest.mark.parametrize("content", CONTENTS)
def test_a_guard_computes_with_its_adapters_and_generation_without(content: str) -> None:
    w = frozen.frozen()
    guard = guard_of(content, 4, frozen.WIDTH)
    prompt = text.snippets(3, 0).tokens
    with np.errstate(all="ignore"):
        seen = guard.scores(w, prompt)
        bare = transformer.features(w, prompt) @ guard.head
        ends = [
            generate(Guarded(w, guard, path).logits, prompt, 4, 1)[1]
            for path in ("apart", "adapted")
        ]
    assert not np.array_equal(seen, bare) or content == "nan"
    assert np.isfinite(ends[0]).all()
    assert not np.array_equal(*ends)


@pytest.mark.parametrize("method", training.METHODS)
def test_a_guard_of_any_method_lowers_its_loss(method: str) -> None:
    w, what = frozen.frozen(), text.snippets(60, 3)
    how = training.How(steps=12, batch=60, every=4)
    end, head = training.train(w, method, how, what, 0)
    moved = {name: not np.array_equal(end[name], w[name]) for name in w}
    assert {name for name, yes in moved.items() if yes} == {"q", "v"}
    # A head of zeros has log 3 = 1.0986.
    assert training.loss_and_gradient(end, head, what)[0] < 1.0
    rank = np.linalg.matrix_rank(end["v"] - w["v"], tol=1e-8)
    assert rank == {"fpft": 32, "rac-lora": 12}.get(method, 4)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: guard_of("full", 4, 8),
        lambda: Guarded({}, guard_of("random", 1, 8), "through"),
        lambda: training.train(frozen.initial(), "dora", training.How(), text.snippets(3, 0), 0),
        lambda: text.snippets(2, 0),
    ],
)
def test_what_is_not_known_is_refused_in_one_line(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(UsageError) as caught:
        wrong()
    assert "\n" not in str(caught.value)
