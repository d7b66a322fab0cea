"""The claims of the case study: each can come out either way, and what is computed is what the theory says."""

from __future__ import annotations

import numpy as np
import pytest

from ractheory.errors import UsageError
from ractheory.evidence import Verdict
from ractheory.experiments import Asked, Outcome, family
from ractheory.experiments.guard import DeepGuard, floors, links_below
from ractheory.guard import shapes, text
from ractheory.guard.frozen import frozen
from ractheory.methods import rac_lora
from ractheory.objectives import objective


def measured(name: str, **parameters: object) -> Outcome:
    return family("lora-guard").measure(Asked("test/guard", name, parameters))


@pytest.mark.parametrize("content", ["random", "huge", "nan"])
def test_generation_is_that_of_the_frozen_model_whatever_adapters_hold(content: str) -> None:
    found = measured("dual-path", content=content).decision
    assert found.verdict is Verdict.CONFIRMED
    assert found.observed == 0.0
    through = measured("dual-path", content=content, path="adapted").decision
    assert through.verdict is Verdict.REFUTED


def test_merging_and_subtracting_again_is_found_out() -> None:
    assert measured("dual-path", path="merged-for-the-guard").decision.verdict is Verdict.REFUTED


@pytest.mark.parametrize("model", shapes.SHAPES)
def test_parameters_are_those_of_all_matrices(model: str) -> None:
    one, rank = shapes.shape(model), 8
    d, k = one.width, one.key_width
    block = [
        (d, d),
        (d, k),
        (d, k),
        (d, d),
        (d, one.hidden),
        (d, one.hidden),
        (one.hidden, d),
        (1, d),
        (1, d),
    ]
    every = block * one.layers + [(one.vocabulary, d), (1, d), (d, one.vocabulary)]
    assert one.parameters == sum(a * b for a, b in every)
    pairs = [(d, rank), (rank, d), (d, rank), (rank, k)] * one.layers
    assert one.adapters(rank) == sum(a * b for a, b in pairs)
    found = measured("trained-parameters", model=model, rank=rank)
    within = model == "TinyLlama"
    assert found.decision.verdict is (Verdict.CONFIRMED if within else Verdict.REFUTED)
    low, high = found.parameters["ranks_within"]
    for r, inside in ((low - 1, False), (low, True), (high, True), (high + 1, False)):
        if 1 <= r <= k:
            assert (100 <= one.times_fewer(r) <= 1000) == inside


def test_the_floor_of_a_frozen_factor_is_the_best_in_its_range() -> None:
    f = objective("guard-features")
    least, largest = floors(f, "test", 33, 1)  # type: ignore[arg-type]
    # A factor of full rank reaches everything; both minima are known to round-off of their sums.
    assert abs(least[0]) <= 1e-12
    few, _ = floors(f, "test", 4, 2)  # type: ignore[arg-type]
    assert (few > 1e-3).all()
    assert largest > 1


def test_the_number_of_links_is_that_of_the_theorem() -> None:
    f = objective("guard-features")
    c, start = f.constants, np.zeros(f.dim)
    assert c.L is not None
    assert c.pl is not None
    links = links_below(f, rac_lora(1 / c.L, rank=8), 1e-3)
    q = 1 - c.pl / c.L * 8 / 33
    assert q**links * f.flat_gap(start) <= 1e-3 < q ** (links - 1) * f.flat_gap(start)


def test_a_chain_reaches_the_loss_and_one_that_keeps_its_sketch_does_not() -> None:
    assert measured("last-layer", seeds=2).decision.verdict is Verdict.CONFIRMED
    assert measured("last-layer", seeds=1, redraw=False).decision.verdict is Verdict.REFUTED


def test_deeper_adapters_are_uncertified_and_reported() -> None:
    found = measured("deeper-adapters", steps=2, seeds=8)
    assert found.decision.verdict is Verdict.NOT_APPLICABLE
    failed = [h.name for h in found.hypotheses if not h.holds]
    assert failed[:2] == ["LSmooth", "PL"]
    for row in found.parameters["table"]:
        assert row["low"] <= row["median"] <= row["high"]


def test_the_deeper_objective_is_the_loss_of_the_guard() -> None:
    f = DeepGuard(frozen(), text.snippets(6, 3))
    start = np.concatenate([frozen()["q"].ravel(), frozen()["v"].ravel(), np.zeros(33 * 3)])
    assert f.flat_value(start) == pytest.approx(np.log(3), rel=1e-12)
    assert f.flat_gradient(start).shape == (f.dim,)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("nothing", {}),
        ("trained-parameters", {"model": "Llama-4", "rank": 8}),
        ("trained-parameters", {"model": "TinyLlama", "rank": 0}),
        ("dual-path", {"content": "empty"}),
        ("dual-path", {"path": "around"}),
        ("last-layer", {"seeds": 0}),
        ("last-layer", {"redraw": "no"}),
    ],
)
def test_what_is_not_known_is_refused_in_one_line(name: str, parameters: dict[str, object]) -> None:
    with pytest.raises(UsageError) as caught:
        measured(name, **parameters)
    assert "\n" not in str(caught.value)
