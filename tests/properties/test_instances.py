"""The properties of `ractheory trust`, on instances that a search chooses; `make fuzz` searches for long."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ractheory.trust import anywhere, properties
from ractheory.trust.instances import KINDS, LARGEST_SIDE, LAWS, STEPS, Instance

FEW = max(settings.default.max_examples // 8, 1)  # type: ignore[union-attr]
"""Examples of a property that takes a good part of a second."""


@st.composite
def instances(draw: st.DrawFn, kind: str) -> Instance:
    limits = KINDS[kind]
    m, n = draw(st.integers(1, LARGEST_SIDE)), draw(st.integers(1, LARGEST_SIDE))
    return Instance(
        m, n, draw(st.integers(1, m)), draw(st.sampled_from(STEPS)), draw(st.sampled_from(LAWS)),
        draw(st.floats(*limits.condition)), draw(st.floats(*limits.scale)),
        draw(st.floats(*limits.size)), draw(st.integers(0, 2**31)),
        draw(st.sampled_from([0.5, 0.95, 0.999, 1.001, 1.05, 1.5])), draw(st.integers(*limits.links)),
    )  # fmt: skip


@settings(max_examples=FEW)
@given(instances("usual"))
def test_no_verdict_contradicts_the_exact_value(given: Instance) -> None:
    assert properties.no_confirmation_against_the_exact_value(given) == ""


@settings(max_examples=FEW)
@given(instances("hard"))
def test_what_is_true_is_never_refuted(given: Instance) -> None:
    assert properties.what_is_true_is_never_refuted(given) == ""


@settings(max_examples=FEW)
@given(instances("usual"))
def test_a_sillier_way_to_say_it_changes_nothing(given: Instance) -> None:
    assert properties.a_sillier_way_to_say_it_changes_nothing(given) == ""


@given(instances("usual"))
def test_a_basis_changes_nothing(given: Instance) -> None:
    assert properties.a_basis_changes_nothing(given) == ""


@given(instances("usual"))
def test_transposition_swaps_the_sides(given: Instance) -> None:
    assert properties.transposition_swaps_the_sides(given) == ""


@settings(max_examples=FEW)
@given(instances("scaled"))
def test_scaling_scales(given: Instance) -> None:
    assert properties.scaling_scales(given) == ""


@given(instances("usual"))
def test_relabelled_components_change_nothing(given: Instance) -> None:
    assert properties.relabelled_components_change_nothing(given) == ""


@given(instances("hard"))
def test_nearly_parallel_columns_give_a_projection(given: Instance) -> None:
    assert properties.nearly_parallel_columns_give_a_projection(given) == ""


@settings(max_examples=FEW)
@given(instances("usual"))
def test_no_theorem_is_refuted_anywhere(given: Instance) -> None:
    assert anywhere.no_theorem_is_refuted_anywhere(given) == ""


@settings(max_examples=FEW)
@given(instances("usual"))
def test_two_ways_never_contradict(given: Instance) -> None:
    assert anywhere.two_ways_never_contradict(given) == ""


@given(instances("usual"))
def test_clients_may_change_places(given: Instance) -> None:
    assert anywhere.clients_may_change_places(given) == ""
