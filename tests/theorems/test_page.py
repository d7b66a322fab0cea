"""What a theorem states is written once more, on the page that people read: a change of one is seen in the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.pages import theorem_section
from ractheory.theorems import THEOREMS, Theorem

PAGE = (Path(__file__).parents[2] / "docs" / "theorems.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("th", THEOREMS.values(), ids=THEOREMS.keys())
def test_the_page_states_the_theorem_as_it_is(th: Theorem) -> None:
    """If the change is meant, `make docs` writes the page anew."""
    assert "\n".join(theorem_section(th)) in PAGE
