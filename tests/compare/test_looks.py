"""Expectations are decided in blocks of seeds: the run ends with its verdict, and its numbers stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ractheory.claims import claim
from ractheory.compare import check_claim
from ractheory.compare.build import experiment
from ractheory.compare.comparison import FIRST_LOOK, looks
from ractheory.engine.simulate import simulate
from ractheory.evidence import Verdict
from ractheory.theorems import theorem

SEED = "test-looks"


def test_looks_double_up_to_the_cap() -> None:
    c = replace(claim("gd-pl/counterexample/haar-r1"), seeds=300)
    mean, path = theorem("gd-pl").statement(), theorem("descent").statement()
    assert looks(c, mean) == [64, 128, 256, 300]
    assert looks(replace(c, seeds=64), mean) == [64]
    assert looks(replace(c, seeds=5), mean) == [5]
    assert looks(replace(c, all_seeds=True), mean) == [300]
    assert looks(c, path) == [300]


def test_a_verdict_ends_the_run_and_indecision_uses_the_cap() -> None:
    easy = check_claim(claim("gd-pl/counterexample/haar-r1"), SEED)
    assert easy.verdict is Verdict.CONFIRMED
    assert FIRST_LOOK <= easy.seeds < 300
    assert easy.decision.evidence.seeds == easy.to_json()["parameters"]["seeds"] == easy.seeds
    open_one = claim("plain-gradient/logistic-breast-cancer/r2")
    assert check_claim(open_one, SEED).seeds == open_one.seeds
    figure = check_claim(replace(claim("gd-pl/counterexample/haar-r1"), all_seeds=True), SEED)
    assert figure.seeds == 300
    assert figure.verdict is Verdict.CONFIRMED


def test_blocks_of_seeds_join_to_the_same_run() -> None:
    ran = experiment(claim("gd-pl/counterexample/haar-r1"), SEED)
    whole = simulate(ran.objective, ran.method, ran.start, 5, 7, SEED)
    parts = [simulate(ran.objective, ran.method, ran.start, 5, s, SEED)
             for s in (range(3), range(3, 7))]  # fmt: skip
    joined = parts[0].joined(parts[1])
    for name, values in vars(whole).items():
        assert np.array_equal(values, getattr(joined, name)), name
