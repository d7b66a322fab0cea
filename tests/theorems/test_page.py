"""What a theorem states is written once more, on the page that people read: a change of one is seen in the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.pages import theorem_section
from ractheory.theorems import THEOREMS, Theorem

PAGE = (Path(__file__).parents[2] / "docs" / "theorems.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("th", THEOREMS.values(), ids=THEOREMS.keys())
def test_the_page_states_the_theorem_as_it_is(th: Theorem) -> None:
    """If the change is meant, `make docs` writes the page anew. The last line is about the proof."""
    own = f"\n## {th.id}\n"
    section = own.lstrip() + PAGE.partition(own)[2].partition("\n#")[0]
    without_proof = "\n".join(section.strip().splitlines()[:-1])
    assert without_proof.rstrip() == "\n".join(theorem_section(th)).rstrip()
