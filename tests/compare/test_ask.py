"""One comparison with the user's own parameters."""

from __future__ import annotations

import pytest

from ractheory.compare import check
from ractheory.errors import UsageError
from ractheory.evidence import Verdict


def test_settings_reach_the_part_they_belong_to() -> None:
    settings = {
        "m": 6,
        "n": 3,
        "L": 2.0,
        "step": 0.5,
        "rank": 2,
        "start": "zero",
        "method.scale": 2.0,
    }
    outcome = check("gd-pl", "isotropic", "rac-lora", settings, seeds=10, steps=4)
    facts = outcome.facts
    assert (facts["m"], facts["n"], facts["L"], facts["r"], facts["s"]) == (6, 3, 2.0, 2, 2.0)
    assert facts["gamma"] == 0.25
    assert outcome.claim.start == "zero"
    assert outcome.to_json()["parameters"]["seeds"] == 10


def test_a_broken_step_is_not_applicable() -> None:
    outcome = check("descent", "counterexample", "rac-lora", {"step": 2.5}, seeds=5)
    assert outcome.verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("nope", "isotropic", "rac-lora", {}), "nope"),
        (("gd-pl", "nope", "rac-lora", {}), "nope"),
        (("gd-pl", "isotropic", "nope", {}), "nope"),
        (("gd-pl", "isotropic", "rac-lora", {"colour": 1}), "colour"),
        (("gd-pl", "isotropic", "rac-lora", {"step": -1.0}), "step"),
        (("gd-pl", "isotropic", "rac-lora", {"step": float("inf")}), "step"),
        (("gd-pl", "isotropic", "rac-lora", {"rank": 99}), "rank"),
        (("gd-pl", "isotropic", "rac-lora", {"statement": "other"}), "other"),
        (("gd-pl", "isotropic", "rac-lora", {"m": 0}), "m"),
        (("gd-pl", "isotropic", "rac-lora", {"inner": "guess"}), "guess"),
    ],
)
def test_what_does_not_exist_is_one_clear_line(asked: tuple, words: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(UsageError, match=words) as raised:
        check(*asked, seeds=2, steps=2)
    assert "\n" not in str(raised.value)
